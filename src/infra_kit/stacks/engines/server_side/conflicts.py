"""Fields that other managers hold: which were infra-kit's, and what is said of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from infra_kit.inventory.errors import RefusedError
from infra_kit.stacks.engines.server_side.compare import shown
from infra_kit.stacks.engines.server_side.ownership import FIELDS, was_ours, within

if TYPE_CHECKING:
    from infra_kit.stacks.kubernetes_api.answers import Conflict

Held = Literal["ours", "never-ours"]


@dataclass(frozen=True, slots=True)
class HeldField:
    """A field that another manager holds and the program wants otherwise."""

    path: str
    """As the server writes it."""
    manager: str
    held: Held


def held_fields(conflicts: Sequence[Conflict], live: Mapping[str, Any]) -> list[HeldField]:
    """Whose the fields of a conflict were before, by what infra-kit remembers on the live object."""
    annotation = ((live.get("metadata") or {}).get("annotations") or {}).get(FIELDS, "")
    return [
        HeldField(
            each.path,
            each.manager + (f" ({each.subresource})" if each.subresource else ""),
            "ours" if was_ours(annotation, each.path) else "never-ours",
        )
        for each in conflicts
    ]


def holder(path: str, fields: Sequence[HeldField]) -> HeldField | None:
    """Who holds a path or what it is part of."""
    root = within(path, [each.path for each in fields])
    return next((each for each in fields if each.path == root), None)


def refuse_to_take(device: str, resource: str, fields: Sequence[HeldField]) -> RefusedError:
    """What is said where infra-kit would have to take what was never its own."""
    foreign = [each for each in fields if each.held == "never-ours"]
    named = "; ".join(f"{shown(each.path)} is held by {each.manager}" for each in foreign)
    them = "it" if len(foreign) == 1 else "them"
    return RefusedError(
        device,
        f"{resource}: {named}, and infra-kit never set {them} before",
        remedy=f"give `--take {resource}` if infra-kit is to have {them}, or take {them} out of the inventory or the program",
    )

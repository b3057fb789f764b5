"""From what an engine found of an object to the plan's difference: pure, so that a plan can be made again from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from infra_kit.plan.resource import Change, Diff

if TYPE_CHECKING:
    from infra_kit.plan.resource import Action, Disruption

_ACTIONS: dict[str, tuple[Action, Disruption]] = {
    "create": ("create", "none"),
    "update": ("update", "none"),
    "replace": ("update", "recreate"),
    "delete": ("delete", "none"),
    "none": ("none", "none"),
}


def difference(state: Mapping[str, Any], resource: str) -> Diff:
    """What would be done to an object.

    Args:
        state: as an engine's `read` gives it.
        resource: the object's id.
    """
    action, disruption = _ACTIONS[state["action"]]
    changes = state["changes"]
    return Diff(
        action,
        "; ".join(_reasons(state, resource)),
        [Change(each["path"], each["before"], each["after"]) for each in changes],
        _text(changes),
        disruption,
    )


def _reasons(state: Mapping[str, Any], resource: str) -> Iterator[str]:
    told = str(state.get("reason") or "")
    if told:
        yield told
    for each in state["changes"]:
        manager = each.get("manager") or ""
        if each.get("held") == "never-ours":
            yield f"{each['path']} belongs to {manager}: refused unless `--take {resource}`"
        elif each.get("held") == "ours" and manager not in told:  # else the engine has said it better
            yield f"{each['path']} was changed by {manager} and is taken back"
    if state.get("note"):
        yield str(state["note"])


def _text(changes: Sequence[Mapping[str, Any]]) -> str | None:
    """Line by line, where a value has lines, such as a file in a ConfigMap; else None: the changes say it well enough."""
    if not any(_long(each["before"]) or _long(each["after"]) for each in changes):
        return None
    return "\n".join(line for each in changes for line in _lines(each))


def _long(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value


def _lines(change: Mapping[str, Any]) -> Iterator[str]:
    path, before, after = change["path"], change["before"], change["after"]
    if _long(before) or _long(after):
        named = path if before is not None else "/dev/null", path if after is not None else "/dev/null"
        yield from unified_diff(_shown(before).splitlines(), _shown(after).splitlines(), *named, lineterm="")
        return
    if before is not None:
        yield f"-{path}: {_shown(before)}"
    if after is not None:
        yield f"+{path}: {_shown(after)}"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

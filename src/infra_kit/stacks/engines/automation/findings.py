"""What Pulumi has said of a stack, as the engine needs it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.stack import ObjectKey

if TYPE_CHECKING:
    from collections.abc import Mapping

Name = tuple[str, str]
"""Pulumi's type and the logical name."""


@dataclass(frozen=True, slots=True)
class Step:
    """What Pulumi would do to an object, or did."""

    op: str
    replaces: bool = False
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """An object in the stack's state."""

    urn: str
    annotations: Mapping[str, str]
    needs: frozenset[str] = frozenset()
    """URNs of what it hangs on, as Pulumi sees it."""
    retained: bool = False
    """Pulumi leaves it on the cluster when it leaves the state."""


@dataclass(slots=True)
class Preview:
    """What Pulumi says of a whole stack."""

    steps: dict[Name, Step] = field(default_factory=dict)
    errors: dict[Name, str] = field(default_factory=dict)
    """Its words against single objects."""
    components: frozenset[str] = frozenset()
    """URNs of what only groups objects."""
    error: str = ""
    """Why it says nothing of the others."""


@dataclass(slots=True)
class Up:
    """One `up` of Pulumi."""

    held: frozenset[Name]
    """What may be released in it."""
    released: set[Name] = field(default_factory=set)
    asked: set[Name] = field(default_factory=set)
    """What Pulumi's program has come to."""
    outcomes: dict[Name, str] = field(default_factory=dict)
    begun: bool = False
    closed: bool = False
    """Nothing more is released in it."""
    stuck: bool = False
    """An object in it waits for one that nobody releases."""
    ended: bool = False
    failure: str = ""

    def note(self, name: Name, step: Mapping[str, Any]) -> None:
        """A step on an object has ended."""
        if step["moment"] == "failed":
            self.outcomes[name] = "failed"
        elif step["op"] not in {"delete", "delete-replaced", "discard"}:
            self.outcomes.setdefault(name, "done")


def member(found: Mapping[str, Any]) -> tuple[ObjectKey, Member]:
    """An object of the state, and which one it is, from how `reduction.members` tells it."""
    group = str(found["api_version"]).rpartition("/")[0]
    return ObjectKey(group, found["kind"], found["namespace"], found["object"]), Member(
        found["urn"], found["annotations"], frozenset(found["needs"]), found["retained"]
    )


def merged(one: Step | None, other: Step) -> Step:
    """A replacement comes as several steps."""
    if one is None:
        return other
    return Step(one.op, one.replaces or other.replaces, tuple(dict.fromkeys((*one.fields, *other.fields))))


def name_in(urn: str) -> Name:
    """Type and logical name in a URN."""
    _, _, types, label = urn.split("::", 3)
    return types.rpartition("$")[2], label


def told(failure: str) -> str:
    """Of what the command wrote, the sentences that say what is wrong."""
    lines = [line.strip() for line in failure.splitlines() if re.search(r"\berror\b|\bfailed\b", line, re.IGNORECASE)]
    return "; ".join(dict.fromkeys(lines[:3])) or failure.strip()[-300:]


def one_line(text: str) -> str:
    """Without line breaks."""
    return " ".join(text.split())

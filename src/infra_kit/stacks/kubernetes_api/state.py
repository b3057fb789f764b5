"""How far an object is: ready, on its way, or failed; and the conditions that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ready:
    """Nothing to wait for."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """On its way; `why` says how far: `1 of 3 replicas are available`."""

    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It will not become ready by itself.

    Args:
        why: the cluster's own words.
        may_heal: another hand may still mend it (a quota that is raised): given a while before it is reported.
    """

    why: str
    may_heal: bool = False


State = Ready | Waiting | Failed

READY = Ready()


def condition(live: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The condition of that type in an object's status; empty where there is none."""
    conditions = (live.get("status") or {}).get("conditions")
    # A custom resource may call anything `conditions`.
    for each in conditions if isinstance(conditions, list) else []:
        if isinstance(each, Mapping) and each.get("type") == kind:
            return each
    return {}


def counted(number: int, of: int, noun: str) -> str:
    """`1 of 3 replicas are`, `0 of 1 replica is`."""
    return f"{number} of {of} {noun}{'s are' if of != 1 else ' is'}"

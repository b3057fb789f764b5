"""Pulumi's processes between two uses: a run that has planned carries out with the process that is there already.

An idle process holds no lock, and ends with this one.
"""

from __future__ import annotations

import atexit
import json
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.engines.automation.child import Child

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST = 2
"""Idle at once: each has 100 MB."""

_guard = threading.Lock()
_idle: list[tuple[str, Child]] = []
"""The longest idle first; by what each was started with."""


def take(start: Mapping[str, Any], environment: Mapping[str, str], on_line: Callable[[Mapping[str, Any]], None]) -> tuple[Child, bool]:
    """A process for a stack, and whether it is a new one that has yet to answer its start.

    Args:
        start: its first line; one that was started with the same is the same.
        environment: of a new one.
        on_line: told what it says.
    """
    key = _key(start)
    with _guard:
        found = next((each for each in _idle if each[0] == key), None)
        if found is not None:
            _idle.remove(found)
    child = found[1] if found else None
    if child is not None and child.alive:
        child.on_line = on_line
        child.send({"do": "forget"})
        return child, False
    if child is not None:
        child.close()
    return Child(start, environment, on_line), True


def give_back(start: Mapping[str, Any], child: Child) -> None:
    """It is not used any more, and nothing is under way in it."""
    child.on_line = _unheard
    surplus = []
    with _guard:
        _idle.append((_key(start), child))
        while len(_idle) > _MOST:
            surplus.append(_idle.pop(0)[1])
    for each in surplus:
        each.close()


def _key(start: Mapping[str, Any]) -> str:
    return json.dumps(start, sort_keys=True)


def _unheard(_line: Mapping[str, Any]) -> None:
    """Nobody listens."""


@atexit.register
def close() -> None:
    """End those that are idle."""
    with _guard:
        ended = [child for _, child in _idle]
        _idle.clear()
    for child in ended:
        with suppress(OSError):
            child.close()

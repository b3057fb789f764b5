"""Two configurations side by side as a unified diff that follows the wanted one's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.layers.fabric.os10 import place_of, slot
from infra_kit.layers.fabric.tree import print_tree, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hier_config.child import HConfigChild
    from hier_config.root import HConfig

    Entry = tuple[str, HConfigChild]

Step = tuple[str, str]
"""A sign (space, - or +) and a line."""
_CONTEXT = 3


def unified(running: HConfig, wanted: HConfig) -> str:
    """The unified diff; empty where the two are equal. Lines that merely stand in another order do not differ."""
    steps = list(_steps(running, wanted, "", 0))
    changed = [number for number, (sign, _) in enumerate(steps) if sign != " "]
    if not changed:
        return ""
    lines = ["--- running", "+++ wanted"]
    for first, last in _hunks(changed, len(steps)):
        lines.append(_head(steps, first, last))
        lines.extend(f"{sign}{line}" for sign, line in steps[first:last])
    return "\n".join(lines) + "\n"


def _hunks(changed: list[int], length: int) -> Iterator[tuple[int, int]]:
    first = last = changed[0]
    for number in changed[1:]:
        if number - last > 2 * _CONTEXT:
            yield max(0, first - _CONTEXT), last + _CONTEXT + 1
            first = number
        last = number
    yield max(0, first - _CONTEXT), min(length, last + _CONTEXT + 1)


def _head(steps: list[Step], first: int, last: int) -> str:
    def span(sign: str) -> str:
        before = sum(1 for each, _ in steps[:first] if each in (" ", sign))
        within = sum(1 for each, _ in steps[first:last] if each in (" ", sign))
        return f"{before + 1 if within else before},{within}"

    return f"@@ -{span('-')} +{span('+')} @@"


def _steps(running: HConfig | HConfigChild, wanted: HConfig | HConfigChild, block: str, depth: int) -> Iterator[Step]:
    place, indent = place_of(block), " " * depth
    left, right = _by_slot(place, running), _by_slot(place, wanted)
    for key in _order(left, right):
        old, new = left.get(key), right.get(key)
        if old and new and old[0] == new[0]:
            yield from ((" ", indent + line) for line in old[0].split("\n"))
            yield from _steps(old[1], new[1], old[1].text, depth + 1)
            continue
        for sign, entry in (("-", old), ("+", new)):
            if entry:
                yield from ((sign, indent + line) for line in entry[0].split("\n"))
                yield from ((sign, line) for line in print_tree(entry[1], depth + 1))


def _by_slot(place: str, node: HConfig | HConfigChild) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for text, child in shown(node):
        key = "switchport trunk allowed vlan" if child.text.startswith("switchport trunk allowed vlan ") else slot(place, child.text)
        found[key] = (text, child)
    return found


def _order(left: dict[str, Entry], right: dict[str, Entry]) -> Iterator[str]:
    """The wanted order; what only the running one has follows the line it follows there."""
    after: dict[str, list[str]] = {}
    previous = ""
    for key in left:
        if key in right:
            previous = key
        else:
            after.setdefault(previous, []).append(key)
    yield from after.get("", ())
    for key in right:
        yield key
        yield from after.get(key, ())

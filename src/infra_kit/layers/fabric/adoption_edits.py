"""What an adoption would change in the inventory, part by part, and which parts the inventory's rules let stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.document import path_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from infra_kit.inventory.findings import Finding

    Errors = Callable[[dict[str, Any]], list[Finding]]
    """Keys of the switch with new values -> the errors that the inventory would have beside those it has."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One part of a switch that the inventory would have otherwise: an item of a list by its name, or a whole key."""

    key: str
    place: str
    """As findings write it: `static_routes[prefix=192.0.2.0/24]`, or the key alone."""
    removes: bool
    """The inventory has it, the switch does not."""

    def is_blamed(self, finding: Finding, switch: str) -> bool:
        """Whether a finding is about this very part."""
        start = f"switches[name={switch}].{self.place}"
        return finding.path == start or finding.path.startswith((f"{start}.", f"{start}["))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part that would make the inventory invalid, and the finding that says so."""

    edit: Edit
    finding: Finding


class Edits:
    """What was found on a switch beside what the inventory has.

    Args:
        switch: its name.
        own: the switch as the inventory has it, as plain YAML values.
        found: the keys that were found on it.
    """

    def __init__(self, switch: str, own: dict[str, Any], found: dict[str, Any]) -> None:
        """Take the two apart."""
        self._switch = switch
        self._own = own
        self._found = found
        self._edits = tuple(edit for key in found for edit in self._of(key))

    def _of(self, key: str) -> Iterator[Edit]:
        found, own = self._found[key], self._own.get(key)
        if not isinstance(found, list):
            if found != own:
                yield Edit(key, key, removes=False)
            return
        new, old = _by_place(key, found), _by_place(key, own or [])
        for place in dict.fromkeys([*new, *old]):
            if not _same(new.get(place, []), old.get(place, [])):
                yield Edit(key, place, removes=place not in new)

    def values(self, without: Iterable[Edit] = ()) -> dict[str, Any]:
        """The switch's keys that change, as plain YAML values.

        Args:
            without: parts that stay as the inventory has them.
        """
        kept = [edit for edit in self._edits if edit not in set(without)]
        return {key: self._value(key, {edit.place for edit in kept}) for key in dict.fromkeys(edit.key for edit in kept)}

    def _value(self, key: str, changed: set[str]) -> Any:
        if not isinstance(self._found[key], list):
            return self._found[key]
        stays = {edit.place for edit in self._edits if edit.key == key} - changed
        new, old = _by_place(key, self._found[key]), _by_place(key, self._own.get(key) or [])
        items = [item for place, held in new.items() if place not in stays for item in held]
        return items + [item for place, held in old.items() if place in stays for item in held]

    def choose(self, errors: Errors) -> tuple[dict[str, Any], tuple[LeftOut, ...]]:
        """The most that the rules let stand.

        What a finding names is left out first; where findings name something else, the key that brings the most of them. What was
        left out and does no harm after all comes back.

        Args:
            errors: what the rules say.

        Returns:
            The keys that change, and what is left out.
        """
        without: list[Edit] = []
        while found := errors(self.values(without)):
            kept = [edit for edit in self._edits if edit not in without]
            if not kept:
                break
            blamed = [edit for edit in kept if any(edit.is_blamed(finding, self._switch) for finding in found)]
            without += blamed or self._worst(kept, without, errors)
        left_out = []
        for edit in tuple(without):
            others = [other for other in without if other != edit]
            found = errors(self.values(others))
            if found:
                left_out.append(LeftOut(edit, found[0]))
            else:
                without = others
        return self.values(without), tuple(left_out)

    def _worst(self, kept: list[Edit], without: list[Edit], errors: Errors) -> list[Edit]:
        groups = [[edit for edit in kept if edit.key == key] for key in dict.fromkeys(edit.key for edit in kept)]
        return min(groups, key=lambda group: len(errors(self.values([*without, *group]))))


def _by_place(key: str, items: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for index, item in enumerate(items):
        found.setdefault(path_text({key: items}, (key, index)), []).append(item)
    return found


def _same(found: list[Any], own: list[Any]) -> bool:
    """The order of a list is the operator's own."""
    return len(found) == len(own) and all(each in own for each in found)

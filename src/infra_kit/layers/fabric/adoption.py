"""An existing switch in the inventory's own nouns: what of its configuration they can say, and what is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from infra_kit.inventory.models.switch import Switch
from infra_kit.layers.fabric.intent import intent
from infra_kit.layers.fabric.os10 import plain, rules
from infra_kit.layers.fabric.reading import Reading
from infra_kit.layers.fabric.remediation import compare, managed
from infra_kit.layers.fabric.sections import sections
from infra_kit.layers.fabric.tree import as_shown, parse, print_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hier_config.child import HConfigChild

    from infra_kit.inventory.models.site import Site


@dataclass(frozen=True, slots=True)
class Adoption:
    """What importing a switch comes to."""

    switch: Switch
    """The switch as the inventory would have it, its scope included."""
    values: dict[str, Any]
    """The switch's keys that change, as plain YAML values."""
    covered: int
    """Lines of the running configuration that the inventory asked for already."""
    lines: int
    """All lines of the running configuration."""
    would_change: dict[str, int]
    """Sections outside the scope -> how many lines managing them would send."""
    left_alone: tuple[str, ...]
    """Lines outside the scope that are not the switch's own."""
    of_itself: int
    """Lines outside the scope that every switch has of itself."""
    unsaid: tuple[str, ...] = ()
    """What the inventory's nouns cannot say, and why."""


def adopt(site: Site, switch: Switch, running: Iterable[str]) -> Adoption:
    """Work out what importing a switch comes to; nothing is written.

    Args:
        site: the inventory.
        switch: the switch as the inventory has it.
        running: its running configuration, secrets masked.

    Returns:
        The scope holds every section of which the switch already has exactly what the inventory now asks for: a plan in that
        scope is empty.
    """
    lines = list(running)
    whole = parse(lines)
    reading = Reading(site, switch, whole)
    own = _plain(switch)
    values = {key: value for key, value in reading.values().items() if not _same(value, own.get(key))}
    adopted = Switch.model_validate({**own, **values})
    would_change = dict(_would_change(site, adopted, lines))
    scope = _scope(site, adopted, would_change, lines)
    adopted = adopted.model_copy(update={"scope": scope})
    if scope != own["scope"]:
        values["scope"] = scope
    held = {*print_tree(managed(intent(site, adopted), lines))}
    everything = list(print_tree(whole))
    asked = {*print_tree(intent(site, switch.model_copy(update={"scope": "device"})).wanted)}
    return Adoption(
        switch=adopted,
        values=values,
        covered=sum(line in asked for line in everything),
        lines=len(everything),
        would_change={name: count for name, count in would_change.items() if count},
        left_alone=tuple(line for child in whole.children if not _own(child) for line in _left(child, held)),
        of_itself=sum(1 for child in whole.children if _own(child) for _ in _left(child, held)),
        unsaid=tuple(reading.unsaid),
    )


def _same(found: Any, own: Any) -> bool:
    """The order of a list is the operator's own."""
    if isinstance(found, list) and isinstance(own, list):
        return len(found) == len(own) and all(each in own for each in found)
    return bool(found == own)


def _scope(site: Site, switch: Switch, would_change: dict[str, int], lines: list[str]) -> Literal["device"] | list[str]:
    """The sections that match; the whole device where it was in scope before and nothing at all differs."""
    whole = intent(site, switch.model_copy(update={"scope": "device"}))
    if switch.scope == "device" and not compare(managed(whole, lines), whole.wanted).lines:
        return "device"
    return sorted(name for name, count in would_change.items() if not count)


def _own(child: HConfigChild) -> bool:
    """Whether a line is the switch's own."""
    return rules().device_owned["top"].match(plain(child.text)) is not None


def _left(child: HConfigChild, held: set[str]) -> Iterator[str]:
    own = as_shown(child.text)
    if own not in held:
        yield own
        yield from print_tree(child, 1)


def _would_change(site: Site, switch: Switch, lines: list[str]) -> Iterator[tuple[str, int]]:
    """Section -> number of lines that managing it would send; sections of which neither side has anything are left out."""
    for section in sections():
        wanted = intent(site, switch.model_copy(update={"scope": [section.name]}))
        running = managed(wanted, lines)
        if running.children or wanted.wanted.children:
            yield section.name, len(compare(running, wanted.wanted).lines)


def _plain(switch: Switch) -> dict[str, Any]:
    """The switch as YAML would have it, without what is at its default."""
    values: dict[str, Any] = switch.model_dump(mode="json", exclude_defaults=True)
    values.setdefault("scope", "device")
    return values

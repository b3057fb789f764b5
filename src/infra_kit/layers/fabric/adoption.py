"""An existing switch in the inventory's own nouns: what of its configuration they can say, and what is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from infra_kit.inventory.models.switch import Switch
from infra_kit.layers.fabric.adoption_edits import Edits, LeftOut
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
    from infra_kit.layers.fabric.adoption_edits import Errors


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
    """Lines of the running configuration but those that every switch has of itself."""
    differs: int
    """Lines that managing the whole device would have sent before: none where the inventory described it exactly."""
    leaves: tuple[str, ...]
    """Sections that were managed before and no longer are."""
    would_change: dict[str, int]
    """Sections outside the scope -> how many lines managing them would send."""
    left_alone: tuple[str, ...]
    """Lines outside the scope that are not the switch's own."""
    of_itself: int
    """Lines outside the scope that every switch has of itself."""
    unsaid: tuple[str, ...] = ()
    """What the inventory's nouns cannot say, and why."""
    left_out: tuple[LeftOut, ...] = ()
    """What the nouns can say, but the inventory's rules refuse."""


def adopt(site: Site, switch: Switch, running: Iterable[str], errors: Errors) -> Adoption:
    """Work out what importing a switch comes to; nothing is written.

    Args:
        site: the inventory.
        switch: the switch as the inventory has it.
        running: its running configuration, secrets masked.
        errors: what the inventory's rules would say of the switch with other values.

    Returns:
        An inventory without an error that it does not have today.
        The scope holds every section of which the switch already has exactly what the inventory now asks for: a plan in that
        scope is empty.
    """
    lines = list(running)
    whole = parse(lines)
    reading = Reading(site, switch, whole)
    own = _plain(switch)
    before = intent(site, switch.model_copy(update={"scope": "device"}))
    differs = len(compare(managed(before, lines), before.wanted).lines)
    values, left_out = dict[str, Any](), tuple[LeftOut, ...]()
    if differs or switch.scope != "device":
        values, left_out = Edits(switch.name, own, reading.values()).choose(errors)
    adopted = Switch.model_validate({**own, **values})
    would_change = dict(_would_change(site, adopted, lines))
    scope = _scope(site, adopted, would_change, lines)
    adopted = adopted.model_copy(update={"scope": scope})
    if scope != own["scope"]:
        values["scope"] = scope
    held = {*print_tree(managed(intent(site, adopted), lines))}
    counted = list(print_tree(parse(lines, before.scope.keeps(before.wanted_slots, before.login))))
    asked = {*print_tree(before.wanted)}
    return Adoption(
        switch=adopted,
        values=values,
        covered=sum(line in asked for line in counted),
        lines=len(counted),
        differs=differs,
        leaves=tuple(sorted(_managed(switch.scope) - _managed(scope))),
        would_change={name: count for name, count in would_change.items() if count},
        left_alone=tuple(line for child in whole.children if not _own(child) for line in _left(child, held)),
        of_itself=sum(1 for child in whole.children if _own(child) for _ in _left(child, held)),
        unsaid=tuple(reading.unsaid),
        left_out=left_out,
    )


def _managed(scope: Literal["device"] | Iterable[str]) -> set[str]:
    return {section.name for section in sections()} if scope == "device" else set(scope)


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
    """Section -> number of lines that managing it would send; what neither side has counts only where it was managed before."""
    for section in sections():
        wanted = intent(site, switch.model_copy(update={"scope": [section.name]}))
        running = managed(wanted, lines)
        if running.children or wanted.wanted.children or section.name in _managed(switch.scope):
            yield section.name, len(compare(running, wanted.wanted).lines)


def _plain(switch: Switch) -> dict[str, Any]:
    """The switch as YAML would have it, without what is at its default."""
    values: dict[str, Any] = switch.model_dump(mode="json", exclude_defaults=True)
    values.setdefault("scope", "device")
    return values

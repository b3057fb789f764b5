"""Racks: every device has its units to itself, and one feed can carry all."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem, severity_by, worded
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.catalog.models import Figure
    from infra_kit.inventory.models.base import Noun
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_FEEDS = 2


def _placed(site: Site, index: Index) -> Iterator[tuple[Noun, str, int, Figure[int] | None, str]]:
    """Everything in a rack: noun, rack, lowest unit, height (none for an unknown model), owner."""
    for server in site.servers:
        model = index.server_model(index.profile(server))
        yield server, server.rack, server.unit, model.rack_units if model else None, f"server {server.name}"
    for switch in site.switches:
        kind = index.switch_model(switch)
        yield switch, switch.rack, switch.unit, kind.rack_units if kind else None, f"switch {switch.name}"
    for chassis in site.storage.chassis if site.storage else []:
        array = index.array_model
        yield chassis, chassis.rack, chassis.unit, array.rack_units if array else None, f"chassis {chassis.name}"


@rule("IK2001")
def units_overlap(site: Site, index: Index) -> Iterator[Problem]:
    """Two devices fill the same rack unit."""
    first: dict[tuple[str, int], tuple[str, Figure[int] | None]] = {}
    for noun, rack, unit, height, owner in _placed(site, index):
        for filled in range(unit, unit + (height.value if height else 1)):
            other, other_height = first.setdefault((rack, filled), (owner, height))
            if other != owner:
                message = f"{owner} fills unit {filled} of rack {rack}, where {other} is"
                heights = [each for each in (height, other_height) if each and each.value > 1]
                hint = "move one of the two; a device is placed by the lowest unit it fills"
                yield Problem(noun, "unit", message, hint, severity_by(*heights))
                break


@rule("IK2002")
def unit_above_rack(site: Site, index: Index) -> Iterator[Problem]:
    """A device reaches above the top of its rack."""
    for noun, name, unit, height, owner in _placed(site, index):
        rack = site.rack_by_name.get(name)
        top = unit + (height.value if height else 1) - 1
        if rack and top > rack.height_units:
            tall = f", {worded(height)} units high," if height and height.value > 1 else ""
            message = f"{owner}{tall} reaches unit {top} of rack {name}, which has {rack.height_units}"
            above = unit > rack.height_units or height is None
            yield Problem(noun, "unit", message, "place it lower", None if above or height is None else severity_by(height))


@rule("IK2003", "warning")
def feed_overloaded(site: Site, index: Index) -> Iterator[Problem]:
    """One feed alone cannot carry a rack, by an estimate; with two feeds either must."""
    for rack in site.racks:
        draws = index.draws.get(rack.name, [])
        total = sum(watts for _, watts in draws)
        for feed in rack.feeds:
            if total > feed.budget_w:
                largest = sorted(draws, key=lambda draw: -draw[1])[:3]
                text = ", ".join(f"{owner} {watts} W" for owner, watts in largest)
                estimate = f"an estimated {total} W (catalogue figures not confirmed)"
                message = f"rack {rack.name} draws {estimate}, feed {feed.name} carries {feed.budget_w} W"
                yield Problem(feed, "budget_w", message, f"either feed must carry all; largest: {text}. Measure, or move a device")


@rule("IK2004", "warning")
def feed_single(site: Site, _index: Index) -> Iterator[Problem]:
    """A rack has fewer than two feeds."""
    for rack in site.racks:
        if len(rack.feeds) < _FEEDS:
            yield Problem(rack, "feeds", f"rack {rack.name} has {len(rack.feeds)} feed(s)", "two feeds survive the loss of one")


@rule("IK2005", "warning")
def feeds_differ(site: Site, _index: Index) -> Iterator[Problem]:
    """The feeds of a rack have different budgets: the smaller one is what counts."""
    for rack in site.racks:
        budgets = sorted({feed.budget_w for feed in rack.feeds})
        if len(budgets) > 1:
            message = f"feeds of rack {rack.name} carry {' and '.join(f'{budget} W' for budget in budgets)}; {budgets[0]} W is what counts"
            yield Problem(rack, "feeds", message, "make the feeds alike, or correct a figure")


@rule("IK2006", "warning")
def rack_empty(site: Site, index: Index) -> Iterator[Problem]:
    """Nothing stands in a rack."""
    used = {rack for _, rack, _, _, _ in _placed(site, index)}
    for rack in site.racks:
        if rack.name not in used:
            yield Problem(rack, "name", f"nothing stands in rack {rack.name}", "remove it, or place something in it")


@rule("IK2007", "warning")
def spines_in_one_rack(site: Site, _index: Index) -> Iterator[Problem]:
    """All spines stand in one rack of several: losing it parts all leaf pairs."""
    racks: dict[str, list[str]] = defaultdict(list)
    spines = [switch for switch in site.switches if switch.role == "spine"]
    for switch in spines:
        racks[switch.rack].append(switch.name)
    if len(spines) > 1 and len(racks) == 1 and len(site.racks) > 1:
        message = f"all spines ({', '.join(switch.name for switch in spines)}) stand in rack {spines[0].rack}"
        yield Problem(spines[-1], "rack", message, "spread the spines over racks")

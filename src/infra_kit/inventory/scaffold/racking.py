"""Racks for everything: enough units, and enough power on one feed alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra_kit.inventory.catalog.load import shipped
from infra_kit.inventory.models.rack import PowerFeed, Rack

if TYPE_CHECKING:
    from infra_kit.inventory.scaffold.counts import Counts
    from infra_kit.inventory.scaffold.machines import Machine

HEIGHT_UNITS = 42
FEED_BUDGET_W = 17_000
"""What one feed of a rack gives: three phases of 32 A at 230 V are 22 kW, of which four fifths are used, less a reserve."""
_MASTER_RACKS = 3
"""Masters stand in different racks, so that one rack's loss leaves a quorum."""
LEAF = "S5248F-ON"
SPINE = "Z9432F-ON"
ARRAY = "H5600"


@dataclass(slots=True, eq=False)
class _Open:
    """A rack being filled: servers from the bottom, switches from the top."""

    bottom: int = 1
    top: int = HEIGHT_UNITS
    drawn_w: int = 0
    name: str = ""

    def takes(self, units: int, watts: int) -> bool:
        return self.bottom + units - 1 <= self.top and self.drawn_w + watts <= FEED_BUDGET_W

    def lower(self, units: int, watts: int) -> int:
        unit = self.bottom
        self.bottom += units
        self.drawn_w += watts
        return unit

    def upper(self, units: int, watts: int) -> int:
        self.top -= units
        self.drawn_w += watts
        return self.top + 1


@dataclass(slots=True)
class Racking:
    """Where everything stands: device name -> (rack name, lowest unit)."""

    racks: list[Rack]
    places: dict[str, tuple[str, int]] = field(default_factory=dict)


class _Builder:
    def __init__(self, counts: Counts) -> None:
        # The masters' racks are the first pair's own, except in a small site, where the second pair's rack is the third.
        first_row = _MASTER_RACKS if counts.pairs >= _MASTER_RACKS else _MASTER_RACKS - 1
        self.rows = [[_Open() for _ in range(first_row if pair == 0 else 1)] for pair in range(counts.pairs)]
        self.first = [rack for row in self.rows for rack in row]
        self.seats: dict[str, tuple[_Open, int]] = {}

    def switch(self, name: str, model: str, rack: _Open) -> None:
        kind = shipped().switches[model]
        self.seats[name] = (rack, rack.upper(kind.rack_units.value, kind.max_w.value))

    def array(self, name: str, rack: _Open) -> None:
        kind = shipped().arrays[ARRAY]
        self.seats[name] = (rack, rack.lower(kind.rack_units.value, kind.max_w.value))

    def server(self, machine: Machine, rack: _Open | None = None) -> None:
        units, watts = machine.model.rack_units.value, machine.profile.psu_w
        self.seats[machine.name] = (chosen := rack or self._roomy(machine.pair, units, watts), chosen.lower(units, watts))

    def _roomy(self, pair: int, units: int, watts: int) -> _Open:
        row = self.rows[pair]
        fitting = [rack for rack in row if rack.takes(units, watts)]
        if not fitting:
            row.append(_Open())
            fitting = row[-1:]
        return min(fitting, key=lambda rack: rack.drawn_w)

    def named(self) -> Racking:
        racks: list[Rack] = []
        total = sum(len(row) for row in self.rows)
        for number, row in enumerate(self.rows, start=1):
            for rack in row:
                rack.name = f"rack{len(racks) + 1:0{max(2, len(str(total)))}}"
                feeds = [PowerFeed(name="a", budget_w=FEED_BUDGET_W), PowerFeed(name="b", budget_w=FEED_BUDGET_W)]
                racks.append(Rack(name=rack.name, height_units=HEIGHT_UNITS, feeds=feeds, row=f"row{number:02}"))
        return Racking(racks, {name: (rack.name, unit) for name, (rack, unit) in self.seats.items()})


def racking(counts: Counts, machines: list[Machine], array: str) -> Racking:
    """Place everything: each leaf pair at the top of its first rack, its servers in its own racks, as many as they need.

    A server is counted with the rating of one supply: that is more than it can draw.

    Args:
        counts: the site's counts.
        machines: its servers.
        array: the chassis' name.
    """
    builder = _Builder(counts)
    for pair, row in enumerate(builder.rows, start=1):
        builder.switch(f"leaf{pair:02}a", LEAF, row[0])
        builder.switch(f"leaf{pair:02}b", LEAF, row[0])
    for spine in range(counts.spines):
        builder.switch(f"spine{spine + 1:02}", SPINE, builder.first[(spine + 1) % len(builder.first)])
    if counts.chassis:
        builder.array(array, builder.rows[0][-1])
    masters = [machine for machine in machines if machine.role == "master"]
    for number, machine in enumerate(masters):
        builder.server(machine, builder.first[number % len(builder.first)])
    for machine in machines:
        if machine.role != "master":
            builder.server(machine)
    return builder.named()

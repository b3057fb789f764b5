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


class _FullError(Exception):
    """The racks of a pair do not hold what belongs there."""

    def __init__(self, pair: int) -> None:
        super().__init__(pair)
        self.pair = pair


class _Builder:
    def __init__(self, sizes: list[int]) -> None:
        self.rows = [[_Open() for _ in range(size)] for size in sizes]
        self.first = [rack for row in self.rows for rack in row]
        self.seats: dict[str, tuple[_Open, int]] = {}

    def switch(self, name: str, model: str, rack: _Open) -> None:
        kind = shipped().switches[model]
        self.seats[name] = (rack, rack.upper(kind.rack_units.value, kind.max_w.value))

    def chassis(self, name: str, rack: _Open) -> None:
        kind = shipped().arrays[ARRAY]
        self.seats[name] = (rack, rack.lower(kind.rack_units.value, kind.max_w.value))

    def server(self, machine: Machine, rack: _Open | None = None) -> None:
        units, watts = machine.model.rack_units.value, machine.profile.psu_w
        chosen = rack or self._roomy(machine.pair, units, watts)
        self.seats[machine.name] = (chosen, chosen.lower(units, watts))

    def _roomy(self, pair: int, units: int, watts: int) -> _Open:
        fitting = [rack for rack in self.rows[pair] if rack.takes(units, watts)]
        if not fitting:
            raise _FullError(pair)
        return min(fitting, key=lambda rack: rack.drawn_w)

    def named(self) -> Racking:
        racks: list[Rack] = []
        width = max(2, len(str(len(self.first))))
        for number, row in enumerate(self.rows, start=1):
            for rack in row:
                rack.name = f"rack{len(racks) + 1:0{width}}"
                feeds = [PowerFeed(name="a", budget_w=FEED_BUDGET_W), PowerFeed(name="b", budget_w=FEED_BUDGET_W)]
                racks.append(Rack(name=rack.name, height_units=HEIGHT_UNITS, feeds=feeds, row=f"row{number:02}"))
        return Racking(racks, {name: (rack.name, unit) for name, (rack, unit) in self.seats.items()})


def racking(counts: Counts, machines: list[Machine], chassis: list[str]) -> Racking:
    """Place everything: each leaf pair at the top of its first rack, its servers in its own racks, as many as they need.

    Servers are spread evenly over their pair's racks, so that HDFS finds room for replicas. A server is counted with the
    rating of one supply: that is more than it can draw.

    Args:
        counts: the site's counts.
        machines: its servers.
        chassis: the array's chassis, one on each of the first pairs.
    """
    sizes = _least_sizes(counts, machines)
    while True:
        try:
            return _placed(_Builder(sizes), counts, machines, chassis)
        except _FullError as full:
            sizes[full.pair] += 1


def _least_sizes(counts: Counts, machines: list[Machine]) -> list[int]:
    """Racks that each pair needs at least. The masters' are the first pair's own, or in a small site the second's is the third."""
    watts = [0] * counts.pairs
    for machine in machines:
        watts[machine.pair] += machine.profile.psu_w
    sizes = [max(1, -(-each // FEED_BUDGET_W)) for each in watts]
    sizes[0] = max(sizes[0], _MASTER_RACKS if counts.pairs >= _MASTER_RACKS else _MASTER_RACKS - 1)
    return sizes


def _placed(builder: _Builder, counts: Counts, machines: list[Machine], chassis: list[str]) -> Racking:
    for pair, row in enumerate(builder.rows, start=1):
        builder.switch(f"leaf{pair:02}a", LEAF, row[0])
        builder.switch(f"leaf{pair:02}b", LEAF, row[0])
    for spine in range(counts.spines):
        builder.switch(f"spine{spine + 1:02}", SPINE, builder.first[(spine + 1) % len(builder.first)])
    for row, name in zip(builder.rows, chassis, strict=False):
        builder.chassis(name, row[-1])
    masters = [machine for machine in machines if machine.role == "master"]
    for number, machine in enumerate(masters):
        builder.server(machine, builder.first[number % len(builder.first)])
    for machine in machines:
        if machine.role != "master":
            builder.server(machine)
    return builder.named()

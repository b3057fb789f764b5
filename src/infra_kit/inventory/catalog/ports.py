"""Which interfaces a switch has in which modes, by the catalogue's port-groups and breakouts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.catalog.models import PortGroupModel, SwitchModel


@dataclass(frozen=True, slots=True)
class Mode:
    """A breakout mode taken apart: `25g-4x` is 4 interfaces of 25 Gb/s."""

    speed_gbps: int
    count: int


@lru_cache(maxsize=256)
def parse_mode(mode: str) -> Mode:
    """Take `25g-4x` apart."""
    speed, _, count = mode.partition("g-")
    return Mode(int(speed), int(count.removesuffix("x")))


def interface_speeds(model: SwitchModel, port_groups: Mapping[str, str], breakouts: Mapping[str, str]) -> dict[str, int]:
    """Every interface that exists in these modes, and its speed.

    Args:
        model: the switch model.
        port_groups: port-group -> mode, where it is not the default.
        breakouts: port -> mode, where it is not the default.

    Returns:
        Interface name (`1/1/1`, `1/1/53:2`) -> speed in Gb/s.
    """
    speeds: dict[str, int] = {}
    for ports in model.ports.value:
        speeds.update((f"1/1/{port}", ports.speed_gbps) for port in range(ports.first, ports.last + 1))
    for group in model.port_groups.value:
        mode = port_groups.get(group.group)
        if mode is not None and mode != group.default:
            _regroup(speeds, group, mode)
    for port, mode in breakouts.items():
        if port in speeds:
            default = next((each.default for each in model.breakouts.value if each.first <= _number(port) <= each.last), None)
            if mode != default:
                _split(speeds, port, parse_mode(mode), always_suffixed=False)
    return speeds


def _regroup(speeds: dict[str, int], group: PortGroupModel, mode: str) -> None:
    parsed = parse_mode(mode)
    each = Mode(parsed.speed_gbps, max(1, parsed.count // len(group.ports)))
    for number in group.ports:
        _split(speeds, f"1/1/{number}", each, always_suffixed=mode in group.suffixed)


def _split(speeds: dict[str, int], port: str, mode: Mode, *, always_suffixed: bool) -> None:
    if mode.count == 1 and not always_suffixed:
        speeds[port] = mode.speed_gbps
        return
    del speeds[port]
    speeds.update((f"{port}:{lane}", mode.speed_gbps) for lane in range(1, mode.count + 1))


def _number(port: str) -> int:
    return int(port.rpartition("/")[2].partition(":")[0])

from __future__ import annotations

import pytest

from infra_kit.inventory.catalog.load import shipped
from infra_kit.inventory.catalog.ports import Mode, interface_speeds, parse_mode

LEAF = shipped().switches["S5248F-ON"]
SPINE = shipped().switches["Z9432F-ON"]


def test_modes_are_taken_apart() -> None:
    assert parse_mode("25g-4x") == Mode(25, 4)
    assert parse_mode("400g-1x") == Mode(400, 1)


def test_factory_fresh_switches() -> None:
    leaf = interface_speeds(LEAF, {}, {})
    assert len(leaf) == 56
    assert (leaf["1/1/48"], leaf["1/1/49"], leaf["1/1/56"]) == (25, 100, 100)
    spine = interface_speeds(SPINE, {}, {})
    assert len(spine) == 34
    assert (spine["1/1/32"], spine["1/1/34"]) == (400, 10)


@pytest.mark.parametrize(
    ("group", "mode", "there", "gone"),
    [
        ("1/1/12", "25g-4x", {"1/1/45": 25}, "1/1/45:1"),
        ("1/1/12", "10g-4x", {"1/1/45:1": 10, "1/1/48:1": 10}, "1/1/45"),
        ("1/1/13", "100g-2x", {"1/1/49": 100, "1/1/50": 100}, "1/1/49:1"),
        ("1/1/13", "40g-2x", {"1/1/49": 40, "1/1/50": 40}, "1/1/49:1"),
        ("1/1/13", "25g-8x", {"1/1/49:1": 25, "1/1/50:4": 25}, "1/1/50"),
        ("1/1/13", "50g-4x", {"1/1/49:2": 50, "1/1/50:2": 50}, "1/1/49:3"),
        ("1/1/15", "25g-4x", {"1/1/53:1": 25, "1/1/53:4": 25}, "1/1/53"),
        ("1/1/15", "40g-1x", {"1/1/53": 40}, "1/1/53:1"),
    ],
)
def test_port_groups(group: str, mode: str, there: dict[str, int], gone: str) -> None:
    found = interface_speeds(LEAF, {group: mode}, {})
    assert there.items() <= found.items()
    assert gone not in found


def test_breakouts() -> None:
    found = interface_speeds(SPINE, {}, {"1/1/1": "100g-4x", "1/1/2": "200g-1x", "1/1/3": "400g-1x", "1/1/99": "100g-4x"})
    assert [port for port in found if port.startswith("1/1/1:")] == ["1/1/1:1", "1/1/1:2", "1/1/1:3", "1/1/1:4"]
    assert "1/1/1" not in found
    assert (found["1/1/2"], found["1/1/3"]) == (200, 400)
    assert "1/1/99:1" not in found

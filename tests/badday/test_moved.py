"""A device is changed by another hand between the plan and its apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bench

TAMPERINGS = [
    ("master01", "bmc/bios/master01", {"bios": {"LogicalProc": "Disabled"}}),
    ("leaf01a", "fabric/config/leaf01a", {"lines": ["hostname moved"]}),
]


@pytest.mark.parametrize(("device", "resource", "change"), TAMPERINGS, ids=[each[0] for each in TAMPERINGS])
def test_the_plan_is_stale_and_says_what_moved(bench: Bench, tmp_path: Path, device: str, resource: str, change: dict[str, Any]) -> None:
    plan = tmp_path / "plan.json"
    assert bench.infra("plan", "--target", resource, "--target", "storage/zone/*", "--out", str(plan)).code == 0
    bench.control.tamper(device, change)
    bench.forget()
    said = bench.infra("apply", "--yes", target=plan)
    assert said.code == 3
    assert f"1 of the plan's resources changed after it was made: {resource}\n" in said.err
    assert not any(bench.changes(name) for name in bench.devices())


def test_the_plan_is_stale_when_only_what_it_found_in_place_moved(bench: Bench, tmp_path: Path) -> None:
    assert bench.infra("apply", "--target", "fabric/config/leaf01a", "--yes").code == 0
    plan = tmp_path / "plan.json"
    targets = ("--target", "fabric/config/leaf01a", "--target", "storage/zone/*")
    assert bench.infra("plan", *targets, "--out", str(plan)).code == 0
    bench.control.tamper("leaf01a", {"lines": ["hostname moved"]})
    bench.forget()
    said = bench.infra("apply", "--yes", target=plan)
    assert said.code == 3
    assert "1 of the plan's resources changed after it was made: fabric/config/leaf01a\n" in said.err
    assert not any(bench.changes(name) for name in bench.devices())


def test_a_changed_inventory_makes_the_plan_stale_before_any_device_is_asked(bench: Bench, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert bench.infra("plan", "--target", "storage/*", "--out", str(plan)).code == 0
    file = bench.site / "site.yaml"
    file.write_text(file.read_text().replace("timezone: UTC", "timezone: Europe/Berlin"))
    bench.forget()
    said = bench.infra("apply", "--yes", target=plan)
    assert said.code == 3
    assert "the inventory of site configuration-1 changed after the plan was made" in said.err
    assert bench.asked() == {}


def test_an_unmoved_plan_is_applied(bench: Bench, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert bench.infra("plan", "--layer", "storage", "--out", str(plan)).code == 0
    said = bench.infra("apply", "--yes", target=plan)
    assert said.code == 0, said.out
    assert bench.infra("plan", "--layer", "storage", "--detailed-exitcode").code == 0
    again = bench.infra("apply", "--yes", target=plan)
    assert again.code == 3


def test_drift_is_found_and_mended(bench: Bench) -> None:
    assert bench.infra("apply", "--target", "fabric/config/leaf01a", "--yes").code == 0
    assert bench.infra("drift", "--target", "fabric/config/leaf01a", "--detailed-exitcode").code == 0
    bench.control.tamper("leaf01a", {"lines": ["hostname moved"]})
    drift = bench.infra("drift", "--target", "fabric/config/leaf01a", "--detailed-exitcode")
    assert drift.code == 2
    assert "-hostname moved" in drift.out
    assert bench.infra("apply", "--target", "fabric/config/leaf01a", "--yes").code == 0
    assert bench.infra("drift", "--target", "fabric/config/leaf01a", "--detailed-exitcode").code == 0

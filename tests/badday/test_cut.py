"""The connection breaks in mid-push, once, on each type of device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Bench

BIOS = ["--target", "bmc/bios/worker01"]
LEAF = ["--target", "fabric/config/leaf01a"]
ZONES = ["--target", "storage/directory/*", "--target", "storage/groupnet/*", "--target", "storage/zone/*"]
CUTS = [
    ("worker01", BIOS, 0, ["--allow-reboot"]),
    ("worker01", BIOS, 1, ["--allow-reboot"]),
    ("leaf01a", LEAF, 0, []),
    ("leaf01a", LEAF, 40, []),
    ("array01", ZONES, 0, []),
    ("array01", ZONES, 3, []),
]


@pytest.mark.parametrize(("device", "targets", "after", "consent"), CUTS, ids=[f"{cut[0]}-after-{cut[2]}" for cut in CUTS])
def test_a_cut_is_a_failure_or_overcome_and_the_resumption_converges(
    bench: Bench, device: str, targets: list[str], after: int, consent: list[str]
) -> None:
    bench.control.faults(device, drop_after_changes=after)
    said = bench.infra("apply", *targets, "--yes", *consent)
    assert said.code in {0, 1, 5}
    if said.code:
        assert f"{device}: " in said.out
        assert "--resume" in said.out
        assert "Traceback" not in said.out + said.err
        resumed = bench.infra("apply", "--resume", "--yes")
        assert resumed.code == 0, resumed.out
    plan = bench.infra("plan", *targets, "--detailed-exitcode")
    assert plan.code == 0, plan.out


def test_one_dead_device_does_not_hold_up_the_others(bench: Bench) -> None:
    bench.control.faults("spine01", unreachable=True)
    said = bench.infra("apply", "--target", "fabric/config/*", *ZONES, "--yes")
    assert said.code == 5
    assert "failed  fabric/config/spine01: could not be read: spine01: " in said.out
    assert "storage/zone/cdp" in said.err
    bench.control.faults("spine01", unreachable=False)
    assert bench.infra("apply", "--resume", "--yes").code == 0
    plan = bench.infra("plan", "--target", "fabric/config/*", *ZONES, "--detailed-exitcode")
    assert plan.code == 0, plan.out

"""A disk that fills up while devices are changed: the run stops, the journal knows, the resumption does the rest and nothing twice."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from plan_fakes import FakeLayer, Script, access, moved, thing

from infra_kit.plan.request import Request
from infra_kit.plan.run import perform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.events import Event

pytestmark = pytest.mark.badday

THINGS = 60


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no right to mount a small file system here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("moment", ["started", "applying", "applied", "journaled"])
def test_a_disk_that_fills_up_during_the_run(reference: Site, disk: Path, world, moment: str) -> None:
    site = moved(reference, disk / "site")
    filler = disk / "filler"

    def fill(event: Event) -> None:
        if event.moment == moment and event.resource == "bmc/a/20" and not filler.exists():
            with filler.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"\0" * (1 << 16))
                except OSError:
                    return

    layers = [FakeLayer("bmc", [thing(f"bmc/a/{number}", world, "w1") for number in range(THINGS)], world=world)]
    report = perform(site, layers, access(site), Request(), Script(on_event=fill))
    kinds = [outcome.kind for outcome in report.outcomes.values()]
    assert report.exit_code == 5
    assert report.state == "interrupted"
    assert "disk is full" in report.message or "disk I/O error" in report.message
    assert set(kinds) == {"done", "skipped"}
    assert len(world.changes) == kinds.count("done")
    filler.unlink()
    assert perform(site, layers, access(site), Request(resume=True), Script()).exit_code == 0
    assert sorted(world.changes) == sorted(f"bmc/a/{number}" for number in range(THINGS))

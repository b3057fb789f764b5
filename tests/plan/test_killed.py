"""kill -9 at every boundary of the engine, then a resumption: all is done, nothing twice, nothing left over."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from plan_fakes import FakeLayer, Script, World, thing

from infra_kit.plan.record.database import Database
from infra_kit.plan.record.journal import Journal
from infra_kit.plan.request import Request
from infra_kit.plan.run import perform
from infra_kit.plan.state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site

pytestmark = pytest.mark.badday

HERE = Path(__file__).parent
RUN_THROUGH = 10_000
ALL = ["bmc/a/1", "bmc/a/2", "bmc/a/9", "fabric/a/1", "fabric/a/2"]


class Performer:
    """Runs in processes of their own, on one site and one world."""

    def __init__(self, child: subprocess.Popen[str], site: Site, world: World) -> None:
        self._child, self._site, self.world = child, site, world

    def __call__(self, fatal: int, **request: Any) -> int:
        """Perform, killed at the `fatal`th event; gives the exit code, or minus the signal."""
        task = {"site": str(self._site.folder), "world": str(self.world.folder), "fatal": fatal, "request": request}
        self._child.stdin.write(json.dumps(task) + "\n")
        self._child.stdin.flush()
        return int(self._child.stdout.readline())


@pytest.fixture(scope="module")
def child() -> Iterator[subprocess.Popen[str]]:
    reference = HERE.parents[1] / "inventory" / "configuration-1"
    command = [sys.executable, HERE / "perform_and_die.py", reference]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def perform_until(child: subprocess.Popen[str], site: Site, prepared: Path) -> Performer:
    return Performer(child, site, World(prepared / "world"))


@pytest.fixture
def prepared(site: Site, access: Access, tmp_path: Path) -> Path:
    """A site whose earlier run created something that the inventory no longer has, kept to start from again and again."""
    world = World(tmp_path / "world")
    world.put("w2", "bmc_a_2", "old")
    old = FakeLayer("bmc", [thing("bmc/a/9", world, "attic")], world=world)
    assert perform(site, [old], access, Request(), Script()).exit_code == 0
    (world.folder / "changes.log").unlink()
    shutil.copytree(site.folder, tmp_path / "site-before")
    shutil.copytree(world.folder, tmp_path / "world-before")
    return tmp_path


def _journal(site: Site) -> Journal:
    return Journal(Database(f"sqlite:///{StateFolder(site.folder).database}"), site.site.name)


def test_a_kill_at_every_boundary_is_survived(prepared: Path, site: Site, perform_until: Performer) -> None:
    world = perform_until.world
    fatal = 0
    while (code := perform_until(fatal)) == -signal.SIGKILL:
        assert perform_until(RUN_THROUGH, resume=True) == 0, f"killed at {fatal}"
        assert sorted(world.changes) == ALL, f"killed at {fatal}"
        assert world.get("attic") == {}
        journal = _journal(site)
        assert {each.id for each in journal.created()} == {"bmc/a/1", "fabric/a/1", "fabric/a/2"}, f"killed at {fatal}"
        assert journal.open_runs("apply") == []
        for place, before in ((site.folder, "site-before"), (world.folder, "world-before")):
            shutil.rmtree(place)
            shutil.copytree(prepared / before, place)
        fatal += 1
    assert code == 0
    assert fatal > 45  # five steps of nine boundaries each, and the reading


def test_a_resumption_that_is_killed_too_is_resumed(perform_until: Performer) -> None:
    fatal, kills = 12, 0
    while (code := perform_until(fatal, resume=True)) == -signal.SIGKILL:
        kills += 1
        fatal += 2
        assert kills < 40
    assert code == 0
    assert kills > 2
    assert sorted(perform_until.world.changes) == ALL


def test_a_killed_runs_lock_is_not_broken_unasked(site: Site, perform_until: Performer) -> None:
    assert perform_until(20) == -signal.SIGKILL
    assert perform_until(RUN_THROUGH) == 99
    assert _journal(site).open_runs("apply")[0].state == "running"

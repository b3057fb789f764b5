"""kill -9 at every boundary of the engine, then a resumption: all is done, nothing twice, nothing left over."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest
from plan_fakes import FakeLayer, Script, World, thing

from infra_kit.plan.database import Database
from infra_kit.plan.journal import Journal
from infra_kit.plan.request import Request
from infra_kit.plan.run import perform
from infra_kit.plan.state import StateFolder

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.events import Event

pytestmark = pytest.mark.badday

RUN_THROUGH = 10_000


def _layers(world: World) -> list[FakeLayer]:
    """One thing to create, one to update, two in a group, one to remove; one at a time, so that every run has the same boundaries."""
    bmc = FakeLayer("bmc", [thing("bmc/a/1", world, "w1"), thing("bmc/a/2", world, "w2", needs=("bmc/a/1",))], concurrency=1, world=world)
    things = [thing("fabric/a/1", world, "l1", groups=("pair",)), thing("fabric/a/2", world, "l2", groups=("pair",))]
    return [bmc, FakeLayer("fabric", things, after=("bmc",), concurrency=1, world=world)]


def _perform_in_child(site: Site, access: Access, world: World, fatal: int, **request: object) -> int:
    """Perform in a child that kills itself at its `fatal`th event; gives its exit code, or minus the signal."""
    pid = os.fork()
    if pid == 0:
        seen = 0

        def count(_event: Event) -> None:
            nonlocal seen
            if seen == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

        code = 99
        try:
            code = perform(site, _layers(world), access, Request(**request), Script(on_event=count)).exit_code
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _journal(site: Site) -> Journal:
    return Journal(Database(f"sqlite:///{StateFolder(site.folder).database}"), site.site.name)


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


def test_a_kill_at_every_boundary_is_survived(prepared: Path, site: Site, access: Access) -> None:
    world = World(prepared / "world")
    fatal, killed = 0, 0
    while True:
        code = _perform_in_child(site, access, world, fatal)
        if code != -signal.SIGKILL:
            break
        killed += 1
        assert _perform_in_child(site, access, world, RUN_THROUGH, resume=True, break_lock=True) == 0, f"killed at {fatal}"
        assert sorted(world.changes) == ["bmc/a/1", "bmc/a/2", "bmc/a/9", "fabric/a/1", "fabric/a/2"], f"killed at {fatal}"
        assert world.get("attic") == {}
        journal = _journal(site)
        assert {each.id for each in journal.created()} == {"bmc/a/1", "fabric/a/1", "fabric/a/2"}, f"killed at {fatal}"
        assert journal.unfinished("apply") is None
        for place, before in ((site.folder, "site-before"), (world.folder, "world-before")):
            shutil.rmtree(place)
            shutil.copytree(prepared / before, place)
        fatal += 1
    assert code == 0
    assert killed > 45  # five steps of nine boundaries each, and the reading


def test_a_resumption_that_is_killed_too_is_resumed(prepared: Path, site: Site, access: Access) -> None:
    world = World(prepared / "world")
    fatal, kills = 12, 0
    while (code := _perform_in_child(site, access, world, fatal, resume=True, break_lock=True)) == -signal.SIGKILL:
        kills += 1
        fatal += 2
        assert kills < 40
    assert code == 0
    assert kills > 2
    assert sorted(world.changes) == ["bmc/a/1", "bmc/a/2", "bmc/a/9", "fabric/a/1", "fabric/a/2"]


def test_a_killed_runs_lock_is_not_broken_unasked(prepared: Path, site: Site, access: Access) -> None:
    world = World(prepared / "world")
    assert _perform_in_child(site, access, world, 20) == -signal.SIGKILL
    assert _perform_in_child(site, access, world, RUN_THROUGH, resume=True) == 99
    assert _journal(site).unfinished("apply").state == "running"

"""What was applied and is not ready: told by every plan, awaited again by a resumption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from plan_fakes import FakeLayer, Script, World, awaited, broken, replace, thing

from infra_kit.inventory.errors import DeviceError
from infra_kit.plan import planfile
from infra_kit.plan.connections import Connections
from infra_kit.plan.interruption import WaitInterruptedError
from infra_kit.plan.planning import make_plan
from infra_kit.plan.record.database import Database
from infra_kit.plan.record.journal import Journal
from infra_kit.plan.request import Report, Request
from infra_kit.plan.resource import Observed, ReadContext
from infra_kit.plan.run import perform
from infra_kit.plan.selection import Selection
from infra_kit.plan.state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.planning import Plan

DYING = Path(__file__).with_name("perform_and_die_waiting.py")
SLOW = "0 of 1 replica is available"


class Bench:
    """A site with one layer of things, of which `a/1` becomes ready some time after it was applied."""

    def __init__(self, site: Site, access: Access, world: World) -> None:
        self.site, self.access, self.world = site, access, world
        self.things: list[Any] = [awaited("workspaces/a/1", world, "w1"), thing("workspaces/a/2", world, needs=("workspaces/a/1",))]
        self.slow(SLOW)

    def slow(self, why: str) -> None:
        self.world.put("w1", "ready", why)

    @property
    def layer(self) -> FakeLayer:
        return FakeLayer("workspaces", self.things, world=self.world)

    def run(self, **request: Any) -> Report:
        self.script = Script()
        return perform(self.site, [self.layer], self.access, Request(**request), self.script)

    def plan(self) -> Plan:
        with Connections(self.access, read_only=True) as connections:
            return make_plan([self.layer], ReadContext(self.site, connections))

    @property
    def journal(self) -> Journal:
        return Journal(Database(f"sqlite:///{StateFolder(self.site.folder).database}"), self.site.site.name)


@pytest.fixture
def bench(site: Site, access: Access, world: World) -> Bench:
    return Bench(site, access, world)


def _outcomes(report: Report) -> dict[str, tuple[str, str]]:
    return {each: (outcome.kind, outcome.message) for each, outcome in report.outcomes.items()}


def _kinds(report: Report) -> list[str]:
    return [outcome.kind for outcome in report.outcomes.values()]


def test_how_far_a_device_is_does_not_count_as_its_state() -> None:
    assert Observed({"a": 1}, waiting=SLOW).digest == Observed({"a": 1}).digest
    assert Observed({"a": 1}, waiting=SLOW) == Observed({"a": 1})


def test_what_is_applied_and_not_ready_in_time_was_partly_applied(bench: Bench) -> None:
    report = bench.run()
    assert _kinds(report) == ["failed", "skipped"]
    assert report.exit_code == 5
    assert report.touched


def test_a_plan_names_what_is_not_ready_and_has_nothing_to_do_with_it(bench: Bench) -> None:
    bench.run()
    plan = bench.plan()
    assert plan.notices == (f"workspaces/a/1 is not ready: {SLOW}",)
    first = plan.entries[0]
    assert (first.diff.action, first.diff.reason) == ("none", f"not ready: {SLOW}")
    assert [entry.id for entry in plan.pending] == ["workspaces/a/2"]


def test_it_is_no_drift(bench: Bench) -> None:
    bench.things = bench.things[:1]
    bench.run()
    assert bench.plan().clean


def test_a_plan_is_not_stale_because_something_became_ready(bench: Bench) -> None:
    bench.run()
    path = bench.site.folder / "plan.json"
    planfile.write(planfile.document(bench.plan(), str), path)
    bench.slow("")
    assert bench.run(plan_file=planfile.read(path)).exit_code == 0


def test_of_many_that_are_not_ready_the_first_are_named(bench: Bench) -> None:
    for number in range(25):
        bench.world.put(f"v{number:02}", "ready", SLOW)
    many = [awaited(f"workspaces/b/{number:02}", bench.world, f"v{number:02}") for number in range(25)]
    bench.things = many
    bench.run()
    notices = bench.plan().notices
    assert len(notices) == 21
    assert notices[0] == f"workspaces/b/00 is not ready: {SLOW}"
    assert notices[-1] == "5 more are not ready"


def test_a_resumption_awaits_what_is_still_not_ready_and_fails_again(bench: Bench) -> None:
    bench.run()
    for _ in range(2):  # resumptions of resumptions, too
        again = bench.run(resume=True)
        assert _kinds(again) == ["failed", "skipped"]
        assert again.outcomes["workspaces/a/1"].message == f"w1: workspaces/a/1 is not ready after 2 s: {SLOW}"
        assert (again.exit_code, again.state) == (5, "partial")
        assert [(step.resource, step.action, step.state) for step in bench.journal.steps(again.run)] == [
            ("workspaces/a/1", "none", "failed"),
            ("workspaces/a/2", "create", "skipped"),
        ]
        assert f"note: workspaces/a/1 is not ready: {SLOW}" in bench.script.notices
    assert bench.world.changes == ["workspaces/a/1"], "what waits for it is not done either"


def test_a_resumption_ends_well_once_it_becomes_ready(bench: Bench) -> None:
    bench.run()
    bench.things[0] = replace(bench.things[0], meanwhile=lambda: bench.slow(""))
    resumed = bench.run(resume=True)
    assert _outcomes(resumed) == {"workspaces/a/1": ("done", "is ready"), "workspaces/a/2": ("done", "")}
    assert resumed.exit_code == 0
    assert bench.journal.open_runs() == []


def test_a_resumption_has_nothing_to_wait_for_where_all_is_ready(bench: Bench) -> None:
    bench.run()
    bench.slow("")
    resumed = bench.run(resume=True)
    assert _outcomes(resumed)["workspaces/a/1"] == ("none", "is already as intended, and ready")
    assert resumed.exit_code == 0


def test_waiting_again_is_no_change_to_agree_to(bench: Bench) -> None:
    bench.things = bench.things[:1]
    bench.run()
    bench.script = Script(answer=False)
    report = perform(bench.site, [bench.layer], bench.access, Request(resume=True), bench.script)
    assert report.state == "partial"


def test_an_apply_from_the_beginning_names_it_and_leaves_it_to_a_resumption(bench: Bench) -> None:
    first = bench.run()
    plain = bench.run()
    assert _outcomes(plain) == {"workspaces/a/1": ("none", ""), "workspaces/a/2": ("done", "")}
    assert plain.exit_code == 0
    assert f"note: workspaces/a/1 is not ready: {SLOW}" in bench.script.notices
    assert [row.id for row in bench.journal.open_runs()] == [first.run], "it is not finished by that"
    assert bench.run(resume=True).exit_code == 5
    bench.slow("")
    assert bench.run().exit_code == 0
    assert bench.journal.open_runs() == []


def test_a_resumption_awaits_what_other_unfinished_runs_left(bench: Bench) -> None:
    bench.run()
    bench.things.append(thing("workspaces/b/1", bench.world, changing=broken()))
    assert bench.run(selection=Selection(targets=("workspaces/*",))).exit_code == 5
    bench.things[-1] = thing("workspaces/b/1", bench.world)
    resumed = bench.run(resume=True)
    assert resumed.outcomes["workspaces/a/1"].kind == "failed"
    assert resumed.outcomes["workspaces/b/1"].kind == "done"


def test_what_became_unready_by_itself_is_named_and_not_awaited(bench: Bench) -> None:
    bench.slow("")
    assert bench.run().exit_code == 0
    bench.slow(SLOW)
    bench.things.append(thing("workspaces/b/1", bench.world, changing=broken()))
    assert bench.run().exit_code == 1
    bench.things[-1] = thing("workspaces/b/1", bench.world)
    resumed = bench.run(resume=True)
    assert _outcomes(resumed)["workspaces/a/1"] == ("none", "")
    assert resumed.exit_code == 0


def test_the_waiting_of_a_resumption_can_be_interrupted_and_resumed(bench: Bench) -> None:
    bench.run()

    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        raise WaitInterruptedError("w1", f"interrupted while waiting for a/1: {SLOW}")

    slow = bench.things[0]
    bench.things[0] = replace(slow, meanwhile=interrupt)
    report = bench.run(resume=True)
    assert (report.exit_code, report.state) == (5, "interrupted")
    bench.things[0] = slow
    assert bench.run(resume=True).exit_code == 5
    bench.slow("")
    assert bench.run(resume=True).exit_code == 0


def test_a_device_that_goes_away_meanwhile_is_a_failure(bench: Bench) -> None:
    bench.run()

    def away() -> None:
        raise DeviceError("w1", "no answer")

    bench.things[0] = replace(bench.things[0], meanwhile=away)
    report = bench.run(resume=True)
    assert _kinds(report) == ["failed", "skipped"]
    assert report.exit_code == 1


def test_another_hand_before_the_waiting_is_not_overwritten(bench: Bench) -> None:
    bench.run()
    script = Script(on_event=lambda event: bench.world.put("w1", "workspaces_a_1", "foreign") if event.moment == "started" else None)
    report = perform(bench.site, [bench.layer], bench.access, Request(resume=True), script)
    assert "by another hand" in report.outcomes["workspaces/a/1"].message


@pytest.mark.parametrize("resumed", [False, True])
def test_a_run_killed_while_it_waits_is_awaited_by_the_next(bench: Bench, resumed: bool, kill_while_waiting: Callable[..., None]) -> None:
    bench.things = bench.things[:1]
    if resumed:
        bench.run()
    kill_while_waiting(bench, resume=resumed)
    report = bench.run(resume=True)
    assert _kinds(report) == ["failed"]
    assert report.exit_code == 5
    bench.slow("")
    assert bench.run(resume=True).exit_code == 0
    assert bench.world.changes == ["workspaces/a/1"]


@pytest.fixture
def kill_while_waiting() -> Callable[..., None]:
    """A run in a process of its own, which kills itself while it waits."""

    def kill(bench: Bench, *, resume: bool) -> None:
        command = [sys.executable, DYING, bench.site.folder, bench.world.folder, "--resume" if resume else ""]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr

    return kill

from __future__ import annotations

import json
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest
from plan_fakes import FakeLayer, Script, Thing, broken, moved, replace, thing, unreachable

from infra_kit.inventory.errors import LockedError, StalePlanError, StateError, UsageError
from infra_kit.plan import planfile
from infra_kit.plan.connections import Connections
from infra_kit.plan.execution import exit_code
from infra_kit.plan.interruption import INTERRUPTED, Interruption, WaitInterruptedError
from infra_kit.plan.planning import make_plan
from infra_kit.plan.presentation import report_text
from infra_kit.plan.record.database import Database
from infra_kit.plan.record.journal import Journal
from infra_kit.plan.record.place import STATE_URL
from infra_kit.plan.request import Report, Request
from infra_kit.plan.resource import Diff, Observed, Outcome, ReadContext, RunContext
from infra_kit.plan.run import perform
from infra_kit.plan.scheduling import StepOutcome
from infra_kit.plan.selection import Selection
from infra_kit.plan.state import StateFolder

if TYPE_CHECKING:
    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site


class Bench:
    """One site, one world, its layers."""

    def __init__(self, site: Site, access: Access, world) -> None:
        self.site, self.access, self.world = site, access, world
        self.layers: list[FakeLayer] = []

    def layer(self, name: str, *things, **values) -> FakeLayer:
        layer = FakeLayer(name, list(things), world=self.world, **values)
        self.layers.append(layer)
        return layer

    def run(self, dialogue: Script | None = None, **request) -> Report:
        return perform(self.site, self.layers, self.access, Request(**request), dialogue or Script())

    @property
    def journal(self) -> Journal:
        return Journal(Database(f"sqlite:///{StateFolder(self.site.folder).database}"), self.site.site.name)

    def document(self) -> planfile.PlanDocument:
        with Connections(self.access, read_only=True) as connections:
            plan = make_plan(self.layers, ReadContext(self.site, connections), created=[])
        path = self.site.folder / "plan.json"
        planfile.write(planfile.document(plan, str), path)
        return planfile.read(path)


@pytest.fixture
def bench(site, access, world) -> Bench:
    return Bench(site, access, world)


def _kinds(report: Report) -> dict[str, str]:
    return {each: outcome.kind for each, outcome in report.outcomes.items()}


def test_everything_is_done_in_order_and_a_second_run_has_nothing_to_do(bench: Bench, world) -> None:
    bench.layer("bmc", *(thing(f"bmc/a/{n}", world, f"w{n}", groups=("workers",)) for n in range(4)))
    bench.layer("fabric", thing("fabric/a/2", world, needs=("fabric/a/1",)), thing("fabric/a/1", world), after=("bmc",))
    report = bench.run()
    assert report.exit_code == 0
    assert report.state == "done"
    assert set(_kinds(report).values()) == {"done"}
    assert world.changes[-2:] == ["fabric/a/1", "fabric/a/2"]
    assert world.overlaps == []
    assert bench.run().plan.clean
    assert len(world.changes) == 6
    assert [row.state for row in bench.journal.runs()] == ["done", "done"]
    assert {each.id for each in bench.journal.created()} == set(world.changes)


def test_independent_branches_go_on_after_a_failure_and_the_run_is_partial(bench: Bench, world) -> None:
    bench.layer(
        "fabric",
        thing("fabric/a/1", world, groups=("pair",), changing=broken("leaf01a")),
        thing("fabric/a/2", world, groups=("pair",)),
        thing("fabric/a/3", world),
    )
    report = bench.run()
    assert _kinds(report) == {"fabric/a/1": "failed", "fabric/a/2": "skipped", "fabric/a/3": "done"}
    assert report.outcomes["fabric/a/1"].message == "leaf01a: it does not want to (ask it again)"
    assert report.exit_code == 5
    assert report.state == "partial"
    assert [step.state for step in bench.journal.steps(report.run)] == ["failed", "skipped", "done"]


def test_what_cannot_be_read_stops_its_group_and_its_dependents_but_not_what_is_in_place(bench: Bench, world) -> None:
    world.put("w2", "bmc_a_2", "wanted")
    bench.layer(
        "bmc",
        thing("bmc/a/1", world, reading=unreachable("w1"), groups=("pair",)),
        thing("bmc/a/2", world, "w2", needs=("bmc/a/1",)),
        thing("bmc/a/3", world, needs=("bmc/a/2",)),
        thing("bmc/a/4", world, groups=("pair",)),
    )
    report = bench.run()
    assert _kinds(report) == {"bmc/a/1": "failed", "bmc/a/2": "none", "bmc/a/3": "done", "bmc/a/4": "skipped"}
    assert report.exit_code == 5


def test_a_dead_member_of_a_pool_does_not_hold_up_the_others_but_a_failed_change_does(bench: Bench, world) -> None:
    dead = thing("bmc/a/1", world, reading=unreachable("w1"), groups=("pool:workers",))
    layer = bench.layer("bmc", dead, thing("bmc/a/2", world, groups=("pool:workers",)))
    assert _kinds(bench.run()) == {"bmc/a/1": "failed", "bmc/a/2": "done"}
    layer.things[:] = [
        thing("bmc/a/3", world, changing=broken(), groups=("pool:workers",)),
        thing("bmc/a/4", world, groups=("pool:workers",)),
    ]
    report = bench.run()
    assert _kinds(report) == {"bmc/a/3": "failed", "bmc/a/4": "skipped", "bmc/a/2": "none"}
    assert report.outcomes["bmc/a/4"].message == "bmc/a/3 of the same rolling group (workers) failed"


def test_when_nothing_could_be_done_the_exit_code_is_1(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world, reading=unreachable("w1")))
    report = bench.run()
    assert report.exit_code == 1
    assert report.outcomes["bmc/a/1"].message == "could not be read: w1: no connection"


def test_a_fault_of_our_own_is_a_failure_with_a_trace_in_the_log(bench: Bench, world) -> None:
    def fault() -> None:
        raise ZeroDivisionError("oops")

    bench.layer("bmc", thing("bmc/a/1", world, changing=fault), thing("bmc/a/2", world))
    report = bench.run()
    assert _kinds(report) == {"bmc/a/1": "failed", "bmc/a/2": "done"}
    lines = [json.loads(line) for line in (report.folder / "run.log").read_text().splitlines()]
    assert any(line["what"] == "fault" and "ZeroDivisionError" in "".join(line["trace"]) for line in lines)


def test_a_change_that_did_not_take_is_a_failure(bench: Bench, world) -> None:
    class Forgetful(type(world)):
        def change(self, *_: object) -> None:
            """Accept and forget."""

    bench.layer("bmc", thing("bmc/a/1", Forgetful(world.folder)))
    report = bench.run()
    assert "not as wanted" in report.outcomes["bmc/a/1"].message
    assert report.exit_code == 1


def test_staged_is_neither_failure_nor_done(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world, staged=True, disruption="reboot"))
    report = bench.run()
    assert _kinds(report) == {"bmc/a/1": "staged"}
    assert report.exit_code == 0
    assert bench.run(allow_reboot=True).outcomes["bmc/a/1"].kind == "done"


def test_no_agreement_no_change(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world))
    report = bench.run(Script(answer=False))
    assert (report.state, report.exit_code) == ("declined", 1)
    assert world.changes == []
    assert bench.journal.open_runs("apply") == []


def test_a_device_that_another_hand_changed_after_the_agreement_is_left_alone(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world, "w1"), thing("bmc/a/2", world, "w2"))
    report = bench.run(Script(on_agree=lambda: world.put("w1", "bmc_a_1", "foreign")))
    assert _kinds(report) == {"bmc/a/1": "failed", "bmc/a/2": "done"}
    assert "by another hand" in report.outcomes["bmc/a/1"].message
    assert world.changes == ["bmc/a/2"]


def test_what_another_hand_has_already_mended_is_not_done_again(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world, "w1"))
    report = bench.run(Script(on_agree=lambda: world.put("w1", "bmc_a_1", "wanted")))
    assert _kinds(report) == {"bmc/a/1": "none"}
    assert world.changes == []


def test_a_state_that_this_runs_own_steps_moved_is_accepted(bench: Bench, world) -> None:
    first = thing("bmc/a/1", world, "w1", changing=lambda: world.put("w1", "bmc_a_2", "side effect"))
    bench.layer("bmc", first, thing("bmc/a/2", world, "w1"))
    report = bench.run()
    assert set(_kinds(report).values()) == {"done"}


def test_a_device_that_dies_before_its_step_is_a_failure(bench: Bench, world) -> None:
    dead = threading.Event()

    def reading() -> None:
        if dead.is_set():
            unreachable("w1")()

    bench.layer("bmc", thing("bmc/a/1", world, reading=reading))
    report = bench.run(Script(on_agree=dead.set))
    assert "could not be read again before the change" in report.outcomes["bmc/a/1"].message


def test_what_leaves_the_inventory_is_removed_and_forgotten(bench: Bench, world) -> None:
    layer = bench.layer("storage", thing("storage/a/1", world, "attic"), thing("storage/a/2", world, "attic"))
    bench.run()
    layer.things.pop()
    report = bench.run()
    assert [(entry.id, entry.diff.action) for entry in report.plan.pending] == [("storage/a/2", "delete")]
    assert "storage_a_2" not in world.get("attic")
    assert [each.id for each in bench.journal.created()] == ["storage/a/1"]


def test_what_is_gone_already_is_only_forgotten(bench: Bench, world) -> None:
    layer = bench.layer("storage", thing("storage/a/1", world, "attic"))
    bench.run()
    layer.things.clear()
    world.put("attic", "storage_a_1", None)
    assert bench.run().plan.pending == ()
    assert bench.journal.created() == []


def test_what_a_device_refused_to_create_is_not_ours(bench: Bench, world) -> None:
    layer = bench.layer("storage", thing("storage/a/1", world, "attic", changing=broken("attic")))
    assert bench.run().exit_code == 1
    assert bench.journal.created() == []
    world.put("attic", "storage_a_1", "made by hand")
    layer.things.clear()
    assert bench.run().plan.entries == ()
    assert world.get("attic") == {"storage_a_1": "made by hand"}


def test_what_was_half_created_is_ours(bench: Bench, world) -> None:
    def half() -> None:
        world.put("attic", "storage_a_1", "half")
        broken("attic")()

    bench.layer("storage", thing("storage/a/1", world, "attic", changing=half))
    bench.run()
    assert [each.id for each in bench.journal.created()] == ["storage/a/1"]


def test_what_somebody_else_removed_is_ours_no_more(bench: Bench, world) -> None:
    bench.layer("storage", thing("storage/a/1", world, "attic"))
    bench.run()
    world.put("attic", "storage_a_1", None)
    bench.run(Script(answer=False))
    assert bench.journal.created() == []


def test_destroy_removes_what_was_created_though_the_inventory_still_has_it(bench: Bench, world) -> None:
    bench.layer("storage", thing("storage/a/1", world, "attic"), thing("storage/a/2", world, "attic"))
    bench.run()
    report = bench.run(command="destroy", selection=Selection(targets=("storage/a/1",)))
    assert report.exit_code == 0
    assert world.get("attic") == {"storage_a_2": "wanted"}
    assert [each.id for each in bench.journal.created()] == ["storage/a/2"]


def test_resume_takes_up_the_targets_and_consents_of_the_unfinished_run(bench: Bench, world) -> None:
    mended = threading.Event()

    def changing() -> None:
        if not mended.is_set():
            broken("w1")()

    bench.layer("bmc", thing("bmc/a/1", world, changing=changing), thing("bmc/b/1", world), thing("bmc/a/2", world, staged=True))
    first = bench.run(selection=Selection(targets=("bmc/a/*",)), allow_reboot=True)
    assert first.exit_code == 5
    mended.set()
    script = Script()
    second = bench.run(script, resume=True)
    assert _kinds(second) == {"bmc/a/1": "done", "bmc/a/2": "none"}
    assert f"resuming run {first.run}" in script.notices[0]
    assert sorted(world.changes) == ["bmc/a/1", "bmc/a/2"]
    assert bench.journal.open_runs("apply") == []
    assert bench.journal.run(second.run).resumes == first.run


def _half_destroyed(bench: Bench, world) -> tuple[Report, threading.Event]:
    """Two of three were to be removed, and one would not go until the event is set."""
    mended = threading.Event()
    layer = bench.layer("storage", *(thing(f"storage/a/{number}", world, "attic") for number in (1, 2, 3)))
    bench.run()

    def refusing() -> None:
        if not mended.is_set():
            broken("attic")()

    def leftovers(_site, created):
        return [thing(each.id, world, "attic", wanted=None, changing=refusing if each.id == "storage/a/2" else None) for each in created]

    layer.leftovers = leftovers  # type: ignore[method-assign]
    report = bench.run(command="destroy", selection=Selection(targets=("storage/a/1", "storage/a/2")))
    assert report.exit_code == 5
    return report, mended


def test_a_half_done_destroy_is_not_resumed_by_creating_anew(bench: Bench, world) -> None:
    half, mended = _half_destroyed(bench, world)
    again = f"infra-kit destroy {bench.site.folder} --target storage/a/1 --target storage/a/2"
    assert any(f"`{again}`" in line.plain for line in report_text(half, str, target=str(bench.site.folder)))
    with pytest.raises(UsageError, match=f"the last unfinished run is a destroy, {half.run}") as refused:
        bench.run(resume=True)
    assert again in refused.value.remedy
    assert world.get("attic") == {"storage_a_2": "wanted", "storage_a_3": "wanted"}
    mended.set()
    script = Script()
    assert bench.run(script, command="destroy", selection=Selection(targets=("storage/a/2",))).exit_code == 0
    assert script.notices == [f"run {half.run} was not finished; this run plans everything anew"]
    assert bench.journal.open_runs() == []
    script = Script(answer=False)
    bench.run(script, resume=True)
    assert "no unfinished run" in script.notices[0]


def test_a_killed_destroy_with_nothing_left_does_not_stand_in_the_way(bench: Bench, world, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StateError("the disk is full")

    bench.layer("storage", thing("storage/a/1", world, "attic"))
    bench.run()
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "end_run", full)
        bench.run(command="destroy", selection=Selection(targets=("storage/*",)))
    assert bench.run(resume=True).exit_code == 0


def test_an_unfinished_run_is_finished_by_a_later_one_that_covers_what_it_left(bench: Bench, world) -> None:
    layer = bench.layer("bmc", thing("bmc/a/1", world, "w1", changing=broken()), thing("bmc/a/2", world, "w2", reading=unreachable("w2")))
    layer.things.append(thing("bmc/a/3", world))
    first = bench.run()
    assert [(step.resource, step.state) for step in bench.journal.left(first.run)] == [("bmc/a/1", "failed"), ("bmc/a/2", "failed")]
    assert bench.journal.left(first.run)[1].message == "could not be read: w2: no connection"
    layer.things[:2] = [thing("bmc/a/1", world, "w1"), thing("bmc/a/2", world, "w2")]
    assert bench.run(selection=Selection(targets=("bmc/a/1",))).exit_code == 0
    assert [row.id for row in bench.journal.open_runs()] == [first.run]
    covering = bench.run(selection=Selection(targets=("bmc/a/1", "bmc/a/2")))
    assert bench.journal.open_runs() == []
    assert bench.journal.run(first.run).superseded_by == covering.run


def test_whatever_ends_a_run_before_anything_was_sent_leaves_nothing_unfinished(bench: Bench, world) -> None:
    def gone() -> None:
        raise BrokenPipeError("nobody reads any more")

    bench.layer("bmc", thing("bmc/a/1", world))
    with pytest.raises(BrokenPipeError):
        bench.run(Script(on_agree=gone))
    [row] = bench.journal.runs()
    assert (row.state, row.message) == ("refused", "BrokenPipeError: nobody reads any more; nothing was sent")
    assert bench.journal.open_runs() == []
    assert world.changes == []


def test_resume_without_an_unfinished_run_begins_at_the_beginning(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world))
    script = Script()
    assert bench.run(script, resume=True).exit_code == 0
    assert "no unfinished run" in script.notices[0]


def test_a_run_after_an_unfinished_one_says_so(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world, changing=broken()))
    bench.run()
    script = Script()
    bench.run(script)
    assert "was not finished" in script.notices[0]


def test_a_plan_file_is_applied_as_it_was_reviewed(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world), thing("bmc/a/2", world))
    document = bench.document()
    report = bench.run(plan_file=document, selection=Selection(targets=("bmc/a/1",)))
    assert _kinds(report) == {"bmc/a/1": "done"}


def test_a_plan_file_whose_device_moved_is_stale_and_says_which(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world, "w1"), thing("bmc/a/2", world, "w2"))
    document = bench.document()
    world.put("w2", "bmc_a_2", "foreign")
    with pytest.raises(StalePlanError, match=r"1 of the plan's resources changed after it was made: bmc/a/2 \("):
        bench.run(plan_file=document)
    assert world.changes == []
    assert bench.journal.runs()[0].state == "refused"
    assert bench.run(plan_file=document, selection=Selection(targets=("bmc/a/1",))).exit_code == 0


def test_a_plan_file_is_stale_when_what_it_found_in_place_moved(bench: Bench, world) -> None:
    for number in (2, 3, 4):
        world.put(f"w{number}", f"bmc_a_{number}", "wanted")
    layer = bench.layer("bmc", *(thing(f"bmc/a/{number}", world, f"w{number}") for number in (1, 2, 3, 4)))
    document = bench.document()
    world.put("w1", "bmc_a_1", "foreign")
    world.put("w2", "bmc_a_2", "foreign")
    layer.things[2] = replace(layer.things[2], reading=unreachable("w3"))
    with pytest.raises(StalePlanError, match="3 of the plan's resources changed after it was made") as stale:
        bench.run(plan_file=document)
    assert all(name in str(stale.value) for name in ("bmc/a/1", "bmc/a/2", "bmc/a/3 (cannot be read now"))
    assert "bmc/a/4" not in str(stale.value)
    assert world.changes == []


def test_of_many_that_moved_the_first_are_named(bench: Bench, world) -> None:
    names = [f"bmc/a/{number:02}" for number in range(25)]
    bench.layer("bmc", *(thing(name, world, f"w{name[-2:]}") for name in names))
    document = bench.document()
    for name in names:
        world.put(f"w{name[-2:]}", name.replace("/", "_"), "foreign")
    with pytest.raises(StalePlanError, match=r"25 of the plan's resources .* bmc/a/19 and 5 more \(make"):
        bench.run(plan_file=document)


def test_a_plan_file_whose_device_is_silent_now_is_stale(bench: Bench, world) -> None:
    layer = bench.layer("bmc", thing("bmc/a/1", world, "w1"))
    document = bench.document()
    layer.things[0] = replace(layer.things[0], reading=unreachable("w1"))
    with pytest.raises(StalePlanError, match=r"bmc/a/1 \(cannot be read now: w1: no connection\)"):
        bench.run(plan_file=document)


def test_a_plan_file_whose_intention_moved_is_stale(bench: Bench, world) -> None:
    layer = bench.layer("bmc", thing("bmc/a/1", world, "w1"))
    document = bench.document()
    layer.things[0] = replace(layer.things[0], wanted="something else")
    with pytest.raises(StalePlanError):
        bench.run(plan_file=document)
    layer.things.clear()
    with pytest.raises(StalePlanError, match="no longer there"):
        bench.run(plan_file=document)


def test_what_a_plan_file_could_not_read_is_not_touched_though_it_answers_now(bench: Bench, world) -> None:
    layer = bench.layer(
        "bmc", thing("bmc/a/1", world, reading=unreachable("w1"), groups=("pair",)), thing("bmc/a/2", world, groups=("pair",))
    )
    layer.things.append(thing("bmc/a/3", world))
    document = bench.document()
    layer.things[0] = replace(layer.things[0], reading=None)
    assert _kinds(bench.run(plan_file=document)) == {"bmc/a/1": "failed", "bmc/a/2": "skipped", "bmc/a/3": "done"}


def test_a_plan_file_of_another_inventory_is_stale(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world))
    document = bench.document()
    other = document.model_copy(update={"site": document.site.model_copy(update={"digest": "sha256:other"})})
    with pytest.raises(StalePlanError, match="the inventory of site configuration-1 changed"):
        bench.run(plan_file=other)


def test_the_resumption_of_a_plan_file_keeps_to_it(bench: Bench, world) -> None:
    mended = threading.Event()

    def changing() -> None:
        if not mended.is_set():
            broken("w1")()

    layer = bench.layer("bmc", thing("bmc/a/1", world, changing=changing), thing("bmc/a/2", world))
    document = bench.document()
    assert bench.run(plan_file=document).exit_code == 5
    mended.set()
    layer.things.append(thing("bmc/a/3", world))
    report = bench.run(plan_file=document, resume=True)
    assert _kinds(report) == {"bmc/a/1": "done", "bmc/a/2": "none"}


def test_the_resumption_of_a_plan_file_is_refused_when_the_inventory_moved(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world, changing=broken()), thing("bmc/a/2", world))
    bench.run(plan_file=bench.document())
    bench.site.__pydantic_private__["_digest"] = "sha256:other"
    with pytest.raises(StalePlanError, match="the inventory changed since run"):
        bench.run(resume=True)


def test_a_second_run_meets_the_lock_of_the_first(bench: Bench, world) -> None:
    met: list[str] = []

    def second() -> None:
        with pytest.raises(LockedError, match="site configuration-1 is locked: ") as locked:
            bench.run()
        met.append(str(locked.value))

    bench.layer("bmc", thing("bmc/a/1", world))
    bench.run(Script(on_agree=second))
    assert f"process {os.getpid()}" in met[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_lets_running_steps_end_and_starts_no_further_one(bench: Bench, world, number: signal.Signals) -> None:
    def changing() -> None:
        os.kill(os.getpid(), number)
        time.sleep(0.5)

    bench.layer("bmc", thing("bmc/a/1", world, changing=changing), thing("bmc/a/2", world), concurrency=1)
    report = bench.run()
    assert _kinds(report) == {"bmc/a/1": "done", "bmc/a/2": "skipped"}
    assert report.outcomes["bmc/a/2"].message == f"interrupted by {number.name}"
    assert (report.exit_code, report.state) == (5, "interrupted")
    assert bench.run(resume=True).exit_code == 0
    assert world.changes == ["bmc/a/1", "bmc/a/2"]


class Patient(Thing):
    """Waits for its device until the run is told to stop."""

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        os.kill(os.getpid(), signal.SIGTERM)
        while not context.interrupted():
            time.sleep(0.01)
        raise WaitInterruptedError(self.device, "interrupted while waiting for job 7")


def test_an_interrupt_ends_a_step_that_waits_and_the_run_can_be_resumed(bench: Bench, world) -> None:
    layer = bench.layer("bmc", Patient("bmc/a/1", "w1", world), thing("bmc/a/2", world), concurrency=1)
    report = bench.run()
    assert _kinds(report) == {"bmc/a/1": "failed", "bmc/a/2": "skipped"}
    assert (report.exit_code, report.state) == (5, "interrupted")
    assert [(step.state, step.message) for step in bench.journal.steps(report.run)] == [
        ("failed", "w1: interrupted while waiting for job 7"),
        ("skipped", "interrupted by SIGTERM"),
    ]
    layer.things[0] = thing("bmc/a/1", world, "w1")
    assert bench.run(resume=True).exit_code == 0


def test_an_interrupt_before_anything_was_sent_just_ends_the_run(bench: Bench, world) -> None:
    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)

    bench.layer("bmc", thing("bmc/a/1", world))
    with pytest.raises(KeyboardInterrupt):
        bench.run(Script(on_agree=interrupt))
    assert bench.journal.runs()[0].exit_code == INTERRUPTED
    assert bench.run().exit_code == 0


def test_a_second_interrupt_leaves_at_once(bench: Bench, world) -> None:
    pid = os.fork()
    if pid == 0:
        interruption = Interruption()
        interruption.changing = True
        with interruption.listening():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == INTERRUPTED


def test_exit_codes_of_outcomes() -> None:
    asked = Interruption()
    asked.ask("first")
    asked.ask("second")
    assert asked.reason == "first"
    assert exit_code({"a": StepOutcome("skipped")}, asked) == INTERRUPTED
    assert exit_code({"a": StepOutcome("skipped")}, Interruption()) == 1
    assert exit_code({"a": StepOutcome("none")}, asked) == 0


def test_a_journal_that_fails_before_a_step_leaves_the_device_alone(bench: Bench, world, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StateError("the disk is full")

    monkeypatch.setattr(Journal, "begin_step", full)
    bench.layer("bmc", thing("bmc/a/1", world), thing("bmc/a/2", world), concurrency=1)
    report = bench.run()
    assert set(_kinds(report).values()) == {"skipped"}
    assert world.changes == []
    assert report.message == "the disk is full"


def test_a_journal_that_fails_after_a_change_gets_the_reserve_and_the_run_stops(
    bench: Bench, world, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = StateFolder(bench.site.folder)
    original = Journal.changed

    def full(self: Journal, *values: object) -> None:
        if (state.root / f"reserve-{os.getpid()}").exists():
            raise StateError("the disk is full")
        original(self, *values)

    monkeypatch.setattr(Journal, "changed", full)
    bench.layer("bmc", thing("bmc/a/1", world), thing("bmc/a/2", world), concurrency=1)
    report = bench.run()
    assert _kinds(report) == {"bmc/a/1": "done", "bmc/a/2": "skipped"}
    assert report.exit_code == 5
    assert [each.id for each in bench.journal.created()] == ["bmc/a/1"]


def test_a_backup_that_cannot_be_written_stops_the_run(bench: Bench, world) -> None:
    def no_backup() -> None:
        raise StateError("the backup cannot be written: No space left on device")

    bench.layer("fabric", thing("fabric/a/1", world, changing=no_backup), thing("fabric/a/2", world), concurrency=1)
    report = bench.run()
    assert _kinds(report) == {"fabric/a/1": "failed", "fabric/a/2": "skipped"}
    assert report.exit_code == 1
    assert world.changes == []


def test_the_end_of_a_run_that_cannot_be_journaled_leaves_it_unfinished(bench: Bench, world, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StateError("the disk is full")

    bench.layer("bmc", thing("bmc/a/1", world))
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "end_run", full)
        report = bench.run()
    assert report.message == "the disk is full"
    assert bench.journal.open_runs("apply")[0].id == report.run


def test_a_runs_folder_has_its_plan_and_its_log_and_is_private(bench: Bench, world) -> None:
    bench.layer("bmc", thing("bmc/a/1", world))
    report = bench.run()
    assert report.folder.stat().st_mode & 0o777 == 0o700
    assert json.loads((report.folder / "plan.json").read_text())["summary"]["create"] == 1
    whats = [json.loads(line)["what"] for line in (report.folder / "run.log").read_text().splitlines()]
    assert whats[:3] == ["reading", "read", "planned"]
    assert whats[-1] == "finished"
    assert (report.folder / "run.log").stat().st_mode & 0o777 == 0o600
    assert (report.folder / "backups").is_dir()


def test_secrets_are_masked_in_everything_that_is_kept(bench: Bench, world) -> None:
    bench.access.secrets.remember("env:BMC", "geheim-4711")
    bench.layer(
        "bmc", thing("bmc/a/1", world, changing=broken("w1", "bad password geheim-4711")), thing("bmc/a/2", world, wanted="geheim-4711")
    )
    bench.run()
    kept = [file.read_bytes() for file in StateFolder(bench.site.folder).root.rglob("*") if file.is_file()]
    assert not any(b"geheim-4711" in content for content in kept)
    assert any("«env:BMC»".encode() in content for content in kept)


def test_a_team_shares_journal_and_lock_in_postgresql(
    bench: Bench, world, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv(STATE_URL, postgresql_url)
    met: list[LockedError] = []
    elsewhere = Bench(moved(bench.site, tmp_path / "colleague"), bench.access, world)
    elsewhere.layers = bench.layers

    def colleague() -> None:
        with pytest.raises(LockedError) as locked:
            elsewhere.run()
        met.append(locked.value)

    bench.layer("bmc", thing("bmc/a/1", world), thing("bmc/a/2", world, changing=broken()))
    report = bench.run(Script(on_agree=colleague))
    assert report.exit_code == 5
    assert report.run in str(met[0])
    assert not StateFolder(bench.site.folder).database.exists()
    with Database(postgresql_url) as database:
        journal = Journal(database, bench.site.site.name)
        assert [step.state for step in journal.steps(report.run)] == ["done", "failed"]
        assert [(each.id, each.record) for each in journal.created()] == [("bmc/a/1", {"name": "bmc_a_1"})]
    script = Script()
    bench.layers[0].things[1] = thing("bmc/a/2", world)
    assert elsewhere.run(script, resume=True).exit_code == 0
    assert f"resuming run {report.run}" in script.notices[0]

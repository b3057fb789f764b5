"""Two operators at once: runs of different workspaces do not hinder each other, runs that could touch the same thing do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from plan_fakes import FakeLayer, Script, World, broken, scoped, thing

from infra_kit.inventory.errors import LockedError, UsageError
from infra_kit.plan.record.journal import Journal
from infra_kit.plan.record.lock import Lock
from infra_kit.plan.record.place import STATE_URL, open_database
from infra_kit.plan.request import Request
from infra_kit.plan.resource import Created
from infra_kit.plan.run import perform
from infra_kit.plan.selection import Selection
from infra_kit.plan.state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra_kit.inventory.models.site import Site

HERE = Path(__file__).parent
REFERENCE = HERE.parents[1] / "inventory" / "configuration-1"


class Operator:
    """Somebody whose run is in the middle of a change."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def go_on(self) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.line())


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is a file, or a team's database."""
    if request.param == "postgresql":
        monkeypatch.setenv(STATE_URL, request.getfixturevalue("postgresql_url"))


@pytest.fixture
def operator(site: Site, world: World) -> Iterator[Callable[..., Operator]]:
    with ExitStack() as stack:

        def start(*names: str) -> Operator:
            command = [sys.executable, HERE / "perform_scoped.py", REFERENCE, site.folder, world.folder, *names]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return Operator(process)

        yield start


@pytest.mark.usefixtures("shared")
def test_two_operators_apply_different_workspaces_at_once(operator, world) -> None:
    first, second = operator("fraud/x", "fraud/y"), operator("churn/x")
    assert first.line() == "applying"
    assert second.line() == "applying"
    same, both = operator("fraud/y"), operator("churn/x", "fraud/y")
    refused = json.loads(same.line())
    assert refused["code"] == 4
    assert "workspace fraud of site configuration-1 is locked: " in refused["error"]
    assert f"process {first.process.pid}, run 20" in refused["error"]
    assert json.loads(both.line())["code"] == 4
    # The other's run is under way, not left behind: neither is told to resume it, and neither finishes it by its own end.
    assert first.go_on() == {"code": 0, "notices": []}
    assert second.go_on() == {"code": 0, "notices": []}
    assert sorted(world.changes) == ["workspaces/Thing/churn/x", "workspaces/Thing/fraud/x", "workspaces/Thing/fraud/y"]


@pytest.mark.usefixtures("shared")
def test_a_run_of_the_whole_site_and_one_of_a_workspace_exclude_each_other(operator, site, access, world) -> None:
    fraud = operator("fraud/x")
    assert fraud.line() == "applying"
    whole = [FakeLayer("bmc", [thing("bmc/a/1", world)]), FakeLayer("workspaces", [scoped("churn/x", world)], world=world)]
    with pytest.raises(LockedError, match="workspace fraud of site configuration-1 is locked"):
        perform(site, whole, access, Request(), Script())
    only_churn = Request(selection=Selection(workspaces=("churn",)))
    script = Script()
    assert perform(site, whole, access, only_churn, script).exit_code == 0
    assert script.notices == []
    with open_database(site, StateFolder(site.folder)) as database:
        journal = Journal(database, site.site.name)
        assert journal.open_runs() == []
        assert [row.scopes for row in journal.runs()] == [["workspaces/churn"], ["workspaces/fraud"]]
        assert journal.runs()[1].superseded_by is None
        assert [held.scopes for held in Lock(database, site.site.name).held_by()] == [("workspaces/fraud",)]
    assert fraud.go_on()["code"] == 0
    holding = Lock(open_database(site, StateFolder(site.folder)), site.site.name)
    with holding:
        holding.acquire("whole-run")
        with pytest.raises(LockedError, match=r"^site configuration-1 is locked: .* run whole-run"):
            perform(site, whole, access, only_churn, Script())


def test_a_resumption_goes_on_with_the_run_of_its_own_scope(operator, site, access, world) -> None:
    killed, running = operator("fraud/x"), operator("churn/x")
    assert killed.line() == "applying"
    assert running.line() == "applying"
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait()
    layer = FakeLayer("workspaces", [scoped("fraud/x", world), scoped("churn/x", world)], world=world)
    with pytest.raises(LockedError, match="workspace churn of site"):
        # Nothing of churn is unfinished: its run lives.
        perform(site, [layer], access, Request(selection=Selection(workspaces=("churn",)), resume=True), Script())
    script = Script()
    assert perform(site, [layer], access, Request(resume=True), script).exit_code == 0
    assert script.notices[0].startswith("lock taken over: ")
    assert script.notices[1].startswith("resuming run ")
    assert world.changes == ["workspaces/Thing/fraud/x"]
    assert running.go_on()["code"] == 0
    with open_database(site, StateFolder(site.folder)) as database:
        assert Journal(database, site.site.name).open_runs() == []


def test_an_unfinished_run_of_another_workspace_is_nobodys_news(site, access, world) -> None:
    fraud, churn = scoped("fraud/x", world, changing=broken()), scoped("churn/x", world)
    layer = FakeLayer("workspaces", [fraud, churn], world=world)
    assert perform(site, [layer], access, _of("fraud"), Script()).exit_code == 1
    script = Script()
    report = perform(site, [layer], access, _of("churn"), script)
    assert (report.exit_code, script.notices, report.scopes) == (0, [], ("workspaces/churn",))
    script = Script()
    assert perform(site, [layer], access, _of("churn", resume=True), script).exit_code == 0
    assert script.notices == ["no unfinished run to resume: starting from the beginning"]
    script = Script()
    perform(site, [layer], access, Request(), script)
    assert len([notice for notice in script.notices if "was not finished" in notice]) == 1


def test_a_complete_run_of_a_workspace_finishes_what_was_left_of_it(site, access, world) -> None:
    """Though what was left is not asked for any more, so that no run covers it."""
    stuck = [scoped("fraud/old", world, changing=broken()), scoped("churn/old", world, changing=broken())]
    for name in ("fraud", "churn"):
        assert perform(site, [FakeLayer("workspaces", stuck, world=world)], access, _of(name), Script()).exit_code == 1
    layer = FakeLayer("workspaces", [scoped("fraud/new", world)], world=world)
    part = Request(selection=Selection(workspaces=("fraud",), targets=("*/new",)))
    assert perform(site, [layer], access, part, Script()).exit_code == 0
    with open_database(site, StateFolder(site.folder)) as database:
        journal = Journal(database, site.site.name)
        assert len(journal.open_runs()) == 2
        assert perform(site, [layer], access, _of("fraud"), Script()).exit_code == 0
        assert [row.scopes for row in journal.open_runs()] == [["workspaces/churn"]]


def test_half_a_destroy_keeps_only_its_own_workspace_from_being_resumed(site, access, world) -> None:
    layer = FakeLayer("workspaces", [scoped("fraud/x", world), scoped("churn/x", world)], world=world)
    assert perform(site, [layer], access, Request(), Script()).exit_code == 0

    class Stuck(FakeLayer):
        def leftovers(self, site, created):
            return [scoped(each.id.partition("Thing/")[2], world, wanted=None, changing=broken()) for each in created]

    destroy = Request("destroy", Selection(workspaces=("fraud",)))
    assert perform(site, [Stuck("workspaces", [], world=world)], access, destroy, Script()).exit_code == 1
    with pytest.raises(UsageError, match="is a destroy") as refused:
        perform(site, [layer], access, _of("fraud", resume=True), Script())
    assert "--workspace fraud" in refused.value.remedy
    assert perform(site, [layer], access, _of("churn", resume=True), Script()).exit_code == 0


def test_what_only_the_devices_remember_widens_the_lock(site, access, world) -> None:
    world.put("workspaces-Thing-gone-x", "workspaces_Thing_gone_x", "wanted")

    class Remembering(FakeLayer):
        def remembered(self, context):
            return [Created("workspaces/Thing/gone/x", {"stack": "workspaces.gone"})]

        def leftovers(self, site, created):
            return [scoped(each.id.partition("Thing/")[2], world, wanted=None) for each in created]

    layer = Remembering("workspaces", [scoped("fraud/x", world)], world=world)
    report = perform(site, [layer], access, _of("fraud"), Script())
    assert (report.scopes, list(report.outcomes)) == (("workspaces/fraud",), ["workspaces/Thing/fraud/x"])
    with Lock(open_database(site, StateFolder(site.folder)), site.site.name) as holding:
        holding.acquire("other-run", ["workspaces/gone"])
        with pytest.raises(LockedError, match="workspace gone of site"):
            perform(site, [layer], access, Request(), Script())
    report = perform(site, [layer], access, Request(), Script())
    assert report.scopes == ("workspaces/fraud", "workspaces/gone")
    assert {each: outcome.kind for each, outcome in report.outcomes.items()} == {
        "workspaces/Thing/fraud/x": "none",
        "workspaces/Thing/gone/x": "done",
    }


def test_a_layer_is_asked_for_the_named_workspaces_alone_and_once(site, access, world) -> None:
    asked: list[object] = []

    class Narrow(FakeLayer):
        def resources(self, site):
            asked.append("all")
            return super().resources(site)

        def resources_of(self, site, scopes):
            asked.append(scopes)
            return [each for each in self.things if each.scope in scopes]

    layer = Narrow("workspaces", [scoped("fraud/x", world), scoped("churn/x", world)], world=world)
    script = Script()
    assert list(perform(site, [layer, FakeLayer("bmc", [thing("bmc/a/1", world)])], access, _of("fraud"), script).outcomes) == [
        "workspaces/Thing/fraud/x"
    ]
    assert asked == [frozenset({"workspaces/fraud"})]
    assert [event.message for event in script.events if event.moment == "evaluating"] == ["workspaces"]
    # What was created of another workspace is not taken for gone because it was not asked for.
    assert perform(site, [layer], access, Request(), Script()).exit_code == 0
    assert perform(site, [layer], access, _of("fraud"), Script()).plan.clean
    assert asked == [frozenset({"workspaces/fraud"}), "all", frozenset({"workspaces/fraud"})]


def test_the_scope_of_what_was_created_is_journaled_before_the_change(site, access, world) -> None:
    layer = FakeLayer("workspaces", [scoped("fraud/x", world, changing=lambda: os.kill(os.getpid(), 0))], world=world)
    assert perform(site, [layer], access, Request(), Script()).exit_code == 0
    with open_database(site, StateFolder(site.folder)) as database:
        assert [each.scope for each in Journal(database, site.site.name).created()] == ["workspaces/fraud"]


def _of(name: str, **values: Any) -> Request:
    return Request(selection=Selection(workspaces=(name,)), **values)

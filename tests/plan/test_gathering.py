from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest
from plan_fakes import FakeLayer, Script, Thing

from infra_kit.inventory.errors import DeviceError, ExitCode, HalfDoneError, UnreachableError
from infra_kit.plan.company import NotBegun
from infra_kit.plan.record.database import Database
from infra_kit.plan.record.journal import Journal
from infra_kit.plan.request import Request
from infra_kit.plan.run import perform
from infra_kit.plan.state import StateFolder


class Together:
    """Reads and changes things in batches, and notes them."""

    def __init__(self) -> None:
        self.reads: list[list[str]] = []
        self.batches: list[list[str]] = []
        self.remembered: list[str] = []
        self.answers: dict[str, object] = {}
        self.silent: set[str] = set()
        self.unread: set[str] = set()
        self.at_work = 0
        self.most = 0
        self.meanwhile = lambda: None
        self._guard = threading.Lock()

    def read(self, resources, context, found, called_off):
        self.reads.append([each.id for each in resources])
        for each in resources:
            if each.id not in self.unread:
                found(each.id, each.read(context))
        if self.unread:
            raise UnreachableError("gate", "no answer")

    def apply(self, changes, context, ended):
        with self._guard:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
        self.batches.append([each.id for each, _, _ in changes])
        for each, observed, diff in changes:
            if each.id in self.silent:
                continue
            answer = self.answers.get(each.id)
            ended(each.id, answer or each.apply(observed, diff, context))
            self.meanwhile()
        with self._guard:
            self.at_work -= 1

    def remember(self, resources, context):
        self.remembered += [each.id for each in resources]


@dataclass(frozen=True)
class Member(Thing):
    company: Together = field(default_factory=Together)


@pytest.fixture
def together():
    return Together()


@pytest.fixture
def run(site, access, world):
    def act(*members, **request):
        layer = FakeLayer("hosts", list(members), world=world, concurrency=1000)
        report = perform(site, [layer], access, Request(**request), Script())
        return report, {each: (outcome.kind, outcome.message) for each, outcome in report.outcomes.items()}

    return act


def member(world, together, host, role, **values):
    return Member(f"hosts/{role}/{host}", f"{host}.{role}", world, company=together, **values)


def test_what_may_start_is_handed_over_at_once_and_each_has_its_own_step(run, world, together, site):
    members = [member(world, together, host, role) for host in ("a", "b", "c") for role in ("x", "y")]
    later = member(world, together, "a", "z", depends_on=frozenset(each.id for each in members))
    report, outcomes = run(*members, later)
    assert report.exit_code == ExitCode.OK
    assert [sorted(batch) for batch in together.batches] == [sorted(each.id for each in members), [later.id]]
    assert {kind for kind, _ in outcomes.values()} == {"done"}
    steps = Journal(Database(f"sqlite:///{StateFolder(site.folder).database}"), site.site.name).steps(report.run)
    assert {step.state for step in steps} == {"done"}
    assert len(steps) == 7


def test_a_company_has_one_batch_at_a_time_though_more_may_start_meanwhile(run, world, together):
    first = [member(world, together, host, "x") for host in "abc"]
    second = [member(world, together, host, "y", depends_on=frozenset({f"hosts/x/{host}"})) for host in "abc"]
    run(*first, *second)
    assert together.most == 1
    assert [len(batch) for batch in together.batches] == [3, 3]


def test_a_failure_stops_what_needs_it_and_nothing_else(run, world, together):
    together.answers["hosts/x/a"] = HalfDoneError("a", "task Install failed: no space left on device")
    first = [member(world, together, host, "x") for host in "ab"]
    second = [member(world, together, host, "y", depends_on=frozenset({f"hosts/x/{host}"})) for host in "ab"]
    report, outcomes = run(*first, *second)
    assert outcomes["hosts/x/a"] == ("failed", "a: task Install failed: no space left on device")
    assert outcomes["hosts/y/a"] == ("skipped", "needs hosts/x/a, which failed")
    assert outcomes["hosts/y/b"][0] == "done"
    assert report.exit_code == ExitCode.PARTIAL


def test_half_done_is_partly_applied_even_alone_and_refused_is_not(run, world, together):
    together.answers["hosts/x/a"] = HalfDoneError("a", "half")
    assert run(member(world, together, "a", "x"))[0].exit_code == ExitCode.PARTIAL
    together.answers["hosts/x/a"] = DeviceError("a", "refused")
    assert run(member(world, together, "a", "x"))[0].exit_code == ExitCode.ERROR


def test_what_was_not_begun_is_skipped_and_what_was_not_spoken_of_has_failed(run, world, together):
    together.answers["hosts/x/a"] = NotBegun("an earlier role failed")
    together.silent = {"hosts/x/b"}
    _, outcomes = run(*(member(world, together, host, "x") for host in "abc"))
    assert outcomes["hosts/x/a"] == ("skipped", "an earlier role failed")
    assert outcomes["hosts/x/b"][0] == "failed"
    assert outcomes["hosts/x/c"][0] == "done"


def test_what_the_company_cannot_read_is_unknown_and_the_others_go_on(run, world, together):
    together.unread = {"hosts/x/a"}
    _, outcomes = run(*(member(world, together, host, "x") for host in "ab"))
    assert outcomes["hosts/x/a"] == ("failed", "could not be read: gate: no answer")
    assert outcomes["hosts/x/b"][0] == "done"


def test_what_was_found_in_place_is_given_to_be_remembered_by_an_apply(run, world, together):
    run(member(world, together, "a", "x"))
    assert together.remembered == []
    run(member(world, together, "a", "x"), member(world, together, "b", "x"))
    assert together.remembered == ["hosts/x/a"]


def test_a_failed_run_is_resumed_with_what_is_left(run, world, together):
    together.answers["hosts/x/a"] = DeviceError("a", "no")
    members = [member(world, together, host, "x") for host in "ab"]
    assert run(*members)[0].exit_code == ExitCode.PARTIAL
    together.answers.clear()
    report, outcomes = run(*members, resume=True)
    assert report.exit_code == ExitCode.OK
    assert outcomes == {"hosts/x/a": ("done", ""), "hosts/x/b": ("none", "")}
    assert together.batches[-1] == ["hosts/x/a"]


def test_one_after_another_by_what_each_needs(run, world, together):
    masters = [
        member(world, together, f"m{number}", role, depends_on=frozenset(f"hosts/{each}/m{number - 1}" for each in "xy"))
        for number in (1, 2, 3)
        for role in "xy"
    ]
    together.answers["hosts/y/m2"] = DeviceError("m2", "join refused")
    _, outcomes = run(*masters)
    assert together.batches == [["hosts/x/m1", "hosts/y/m1"], ["hosts/x/m2", "hosts/y/m2"]]
    assert outcomes["hosts/x/m3"] == ("skipped", "needs hosts/y/m2, which failed")


def test_a_read_of_all_is_one(run, world, together):
    run(*(member(world, together, host, "x") for host in "abc"))
    assert [len(each) for each in together.reads] == [3, 3]

from __future__ import annotations

import datetime as dt
import re
import time

import pytest
from plan_fakes import FakeLayer, thing
from sqlalchemy import update

from infra_kit.inventory.errors import LockedError, StateError, UsageError
from infra_kit.plan.connections import Connections
from infra_kit.plan.planning import make_plan
from infra_kit.plan.record.database import Database
from infra_kit.plan.record.documents import run_record, step_record
from infra_kit.plan.record.journal import Journal, RunStart
from infra_kit.plan.record.lock import Lock
from infra_kit.plan.record.place import STATE_URL, existing_database, open_database
from infra_kit.plan.record.tables import SchemaRow
from infra_kit.plan.resource import ReadContext
from infra_kit.plan.scope import WHOLE
from infra_kit.plan.state import StateFolder


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database, "site", lambda text: text.replace("geheim", "«file:x»"))


@pytest.fixture
def plan(site, access, world):
    layer = FakeLayer("bmc", [thing("bmc/a/1", world), thing("bmc/a/2", world)], world=world)
    return make_plan([layer], ReadContext(site, Connections(access, read_only=True)))


def _begin(journal: Journal, run: str, command: str = "apply") -> None:
    journal.begin_run(RunStart(run, command, {"selection": {}}, "lab", "sha256:0"))


def test_a_run_and_its_steps_are_written_as_they_happen(journal: Journal, database: Database, plan) -> None:
    lock = Lock(database, "site")
    lock.acquire("run-1")
    _begin(journal, "run-1")
    assert journal.run("run-1").state == "planning"
    assert journal.open_runs() == []  # its process lives
    journal.begin_steps("run-1", plan.pending)
    assert [step.state for step in journal.steps("run-1")] == ["planned", "planned"]
    journal.begin_step("run-1", "bmc/a/1", lock.token)
    journal.intend_creation("run-1", "bmc/a/1")
    assert [each.id for each in journal.created()] == ["bmc/a/1"]
    journal.changed("run-1", "bmc/a/1", "create", {"id": 7, "note": "geheim"})
    assert journal.steps("run-1")[0].state == "applied"
    assert journal.created()[0].record == {"id": 7, "note": "«file:x»"}
    journal.changed("run-1", "bmc/a/1", "update", {"id": 8})
    assert journal.created()[0].record == {"id": 8}
    journal.end_step("run-1", "bmc/a/1", "done", "it said geheim")
    step = step_record(journal.steps("run-1")[0])
    assert (step["state"], step["message"]) == ("done", "it said «file:x»")
    assert step["seconds"] is not None
    journal.end_run("run-1", "partial", 5, "geheim")
    assert run_record(journal.run("run-1"))["message"] == "«file:x»"
    lock.release()
    assert [row.id for row in journal.open_runs("apply")] == ["run-1"]
    assert journal.open_runs("destroy") == []
    journal.end_step("run-1", "bmc/a/1", "done", "", removed=True)
    assert journal.created() == []


def test_times_tell_what_happened_within_one_second(database: Database) -> None:
    with database.transaction() as session:
        before = dt.datetime.now(dt.UTC)
        now = database.now(session)
    assert abs(now - before) < dt.timedelta(seconds=0.9)
    seen = set()
    for _ in range(20):
        with database.transaction() as session:
            seen.add(database.now(session).microsecond)
        time.sleep(0.002)
    assert len(seen) > 1


def test_records_have_milliseconds(journal: Journal) -> None:
    _begin(journal, "run-1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", run_record(journal.run("run-1"))["started"])


def test_a_step_begins_only_under_the_lock(journal: Journal, database: Database, plan) -> None:
    lock = Lock(database, "site")
    lock.acquire("run-1")
    _begin(journal, "run-1")
    journal.begin_steps("run-1", plan.pending)
    lock.release()
    with pytest.raises(LockedError, match="taken away from run run-1"):
        journal.begin_step("run-1", "bmc/a/1", lock.token)
    assert journal.steps("run-1")[0].state == "planned"


def test_a_complete_run_leaves_nothing_unfinished_before_it(journal: Journal) -> None:
    for run in ("run-1", "run-2"):
        _begin(journal, run)
        journal.end_run(run, "partial", 5)
    journal.supersede("run-2", "run-3")
    assert [row.id for row in journal.open_runs("apply")] == ["run-1"]
    _begin(journal, "run-3")
    journal.end_run("run-3", "done", 0, supersedes=WHOLE)
    assert journal.open_runs("apply") == []
    assert next(row.id for row in journal.runs()) == "run-3"
    assert len(journal.runs(limit=2)) == 2


def test_a_complete_run_of_some_scopes_leaves_what_is_beyond_them(journal: Journal) -> None:
    for run, scopes in (("run-1", ["w/a"]), ("run-2", ["w/a", "w/b"]), ("run-3", ["w/b"]), ("run-4", list(WHOLE))):
        _begin(journal, run)
        journal.widen_run(run, scopes)
        journal.end_run(run, "partial", 5)
    _begin(journal, "run-5")
    journal.end_run("run-5", "done", 0, supersedes=["w/a"])
    assert {row.id for row in journal.open_runs()} == {"run-2", "run-3", "run-4"}


def test_runs_are_found_by_the_beginning_of_their_id(journal: Journal) -> None:
    _begin(journal, "run-1")
    _begin(journal, "run-2")
    assert journal.run("run-2").id == "run-2"
    with pytest.raises(UsageError, match="more than one"):
        journal.run("run")
    with pytest.raises(UsageError, match="no run begins"):
        journal.run("%")


def test_sites_that_share_a_database_do_not_see_each_other(database: Database) -> None:
    here, there = Journal(database, "here"), Journal(database, "there")
    _begin(here, "run-1")
    here.intend_creation("run-1", "bmc/a/1")
    assert there.created() == []
    assert there.runs() == []
    assert there.open_runs() == []
    there.forget(["bmc/a/1"])
    assert len(here.created()) == 1


def test_a_journal_of_a_newer_infra_kit_is_refused(database: Database, database_url: str) -> None:
    with database.transaction() as session:
        session.execute(update(SchemaRow).values(version=99))
    with pytest.raises(StateError, match="newer infra-kit"):
        Database(database_url)


def test_sqlite_is_private_and_made_only_by_who_writes(site) -> None:
    folder = StateFolder(site.folder)
    assert existing_database(site, folder) is None
    folder.prepare()
    with open_database(site, folder) as opened:
        assert opened.is_sqlite
        assert folder.database.stat().st_mode & 0o777 == 0o600
    with existing_database(site, folder) as again:
        assert again.name.endswith("state.db")


def test_the_url_comes_from_the_environment_or_the_site(site, access, postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = StateFolder(site.folder)
    monkeypatch.setenv(STATE_URL, postgresql_url)
    with open_database(site, folder, access) as opened:
        assert not opened.is_sqlite
        assert "only-for-this-test" not in opened.name
    assert access.mask("only-for-this-test") == f"«{STATE_URL}»"
    monkeypatch.setenv("OTHER", postgresql_url)
    monkeypatch.delenv(STATE_URL)
    identity = site.site.model_copy(update={"state_url": "env:OTHER"})
    with open_database(site.model_copy(update={"site": identity}), folder) as opened:
        assert not opened.is_sqlite


def test_a_database_that_is_none_says_so(site) -> None:
    folder = StateFolder(site.folder)
    folder.prepare()
    folder.database.write_bytes(b"something else entirely, and long enough to be looked at" * 50)
    with pytest.raises(StateError, match="file is not a database"):
        open_database(site, folder)

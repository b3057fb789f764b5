"""Databases of earlier versions stay usable, also while a run of that version is under way."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from functools import partial

import pytest
from sqlalchemy import JSON, Boolean, Column, DateTime, ForeignKey, Integer, MetaData, String, Table, create_engine, inspect, text

from infra_kit.inventory.errors import LockedError
from infra_kit.plan.record.database import Database
from infra_kit.plan.record.holder import this_process
from infra_kit.plan.record.journal import Journal, RunStart
from infra_kit.plan.record.lock import Lock
from infra_kit.plan.record.tables import SCHEMA_VERSION

NOW = "2026-11-20 10:00:00.000000"


def _version_1() -> MetaData:
    """The tables as version 1 made them."""
    tables = MetaData()
    key = {"primary_key": True}
    Table("schema", tables, Column("version", Integer, autoincrement=False, **key))
    words = ("command", "state", "user", "host", "access", "infra_kit", "site_digest", "message")
    Table(
        "runs",
        tables,
        Column("id", String, **key),
        Column("site", String, nullable=False, index=True),
        *(Column(name, String, nullable=False) for name in words),
        Column("started", DateTime(timezone=True), nullable=False),
        Column("finished", DateTime(timezone=True)),
        Column("pid", Integer, nullable=False),
        Column("request", JSON, nullable=False),
        Column("resumes", String),
        Column("superseded_by", String),
        Column("exit_code", Integer),
    )
    Table(
        "steps",
        tables,
        Column("run", String, ForeignKey("runs.id"), **key),
        Column("resource", String, **key),
        Column("position", Integer, nullable=False),
        *(Column(name, String, nullable=False) for name in ("device", "action", "disruption", "state", "message")),
        Column("observed", String),
        *(Column(name, DateTime(timezone=True)) for name in ("started", "applied", "finished")),
    )
    Table(
        "created",
        tables,
        Column("site", String, **key),
        Column("resource", String, **key),
        Column("run", String, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("confirmed", Boolean, nullable=False),
        Column("record", JSON, nullable=False),
    )
    Table(
        "locks",
        tables,
        Column("site", String, **key),
        *(Column(name, String, nullable=False) for name in ("token", "user", "host", "machine", "run")),
        *(Column(name, Integer, nullable=False) for name in ("pid", "process_start")),
        *(Column(name, DateTime(timezone=True), nullable=False) for name in ("since", "heartbeat")),
    )
    return tables


@pytest.fixture
def old(database_url: str) -> str:
    """A database of version 1: an interrupted run, something created, and a run that holds the lock."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    _version_1().create_all(engine)
    me = this_process()
    request = '{"selection": {"layers": [], "targets": [], "ignored": [], "only": null}}'
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO schema (version) VALUES (1)"))
        connection.execute(
            text(
                'INSERT INTO runs (id, site, command, state, started, "user", host, pid, access, infra_kit, site_digest, request, message) '
                "VALUES ('run-0', 'site', 'apply', 'interrupted', :now, 'u', 'h', 1, 'lab', '0', 'sha256:0', :request, '')"
            ),
            {"now": NOW, "request": request},
        )
        connection.execute(
            text("INSERT INTO created (site, resource, run, at, confirmed, record) VALUES ('site', 'bmc/a/1', 'run-0', :now, :yes, '{}')"),
            {"now": NOW, "yes": True},
        )
        connection.execute(
            text(
                'INSERT INTO locks (site, token, "user", host, machine, pid, process_start, run, since, heartbeat) '
                "VALUES ('site', 'token', 'u', 'h', :machine, :pid, :start, 'run-1', :now, :now)"
            ),
            {"machine": me.machine, "pid": me.pid, "start": me.process_start, "now": NOW},
        )
    engine.dispose()
    return database_url


def test_a_database_of_version_1_is_brought_up_and_keeps_what_it_knew(old: str) -> None:
    for _ in range(2):
        with Database(old) as database:
            journal = Journal(database, "site")
            assert [(row.id, row.scopes) for row in journal.open_runs()] == [("run-0", None)]
            assert [(each.id, each.scope) for each in journal.created()] == [("bmc/a/1", "")]
            mine = Lock(database, "site")
            assert [(held.run, held.scopes) for held in mine.held_by()] == [("run-1", ("",))]
            with pytest.raises(LockedError, match="run run-1"):
                mine.acquire("run-2", ["workspaces/fraud"])
            with database.transaction() as session:
                assert session.scalar(text("SELECT version FROM schema")) == SCHEMA_VERSION


def test_a_run_of_version_1_goes_on_under_its_lock(old: str) -> None:
    with Database(old) as database:
        with database.transaction() as session:
            beat = "UPDATE locks SET heartbeat = :now WHERE site = 'site' AND token = 'token'"
            assert session.execute(text(beat), {"now": NOW}).rowcount == 1
            assert session.execute(text("DELETE FROM locks WHERE site = 'site' AND token = 'token'")).rowcount == 1
        with Lock(database, "site") as fraud, Lock(database, "site") as churn:
            fraud.acquire("run-2", ["workspaces/fraud"])
            churn.acquire("run-3", ["workspaces/churn"])
            Journal(database, "site").begin_run(RunStart("run-2", "apply", {}, "lab", "sha256:0", scopes=fraud.scopes))
            assert Journal(database, "site").run("run-2").scopes == ["workspaces/fraud"]


OPENING = """
import sys
from sqlalchemy import text
from infra_kit.plan.record.database import Database
print("ready", flush=True)
sys.stdin.readline()
with Database(sys.argv[1]) as database, database.transaction() as session:
    print(session.scalar(text("SELECT version FROM schema")), flush=True)
"""


@pytest.mark.parametrize("state", ["new", "version 1"])
def test_many_may_open_it_at_once_for_the_first_time(database_url: str, state: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("old") if state == "version 1" else database_url
    with ExitStack() as stack:
        start = partial(subprocess.Popen, [sys.executable, "-c", OPENING, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        openers = [stack.enter_context(start()) for _ in range(4)]
        assert [each.stdout.readline() for each in openers] == ["ready\n"] * 4
        for each in openers:
            each.stdin.write("\n")
            each.stdin.flush()
        assert [each.stdout.readline() for each in openers] == [f"{SCHEMA_VERSION}\n"] * 4
    with Database(url) as database, database.transaction() as session:
        assert inspect(session.get_bind()).get_pk_constraint("locks")["constrained_columns"] == ["site", "scope"]
        assert session.scalar(text("SELECT count(*) FROM schema")) == 1

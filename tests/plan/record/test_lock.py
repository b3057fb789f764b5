from __future__ import annotations

import datetime as dt
import os
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from infra_kit.inventory.errors import ExitCode, LockedError, StateError
from infra_kit.plan.record import holder, lock
from infra_kit.plan.record.database import Database
from infra_kit.plan.record.holder import Holder, process_start, this_process
from infra_kit.plan.record.holding import STALE_AFTER
from infra_kit.plan.record.lock import Lock
from infra_kit.plan.record.tables import LockRow

if TYPE_CHECKING:
    from collections.abc import Callable


def _as(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    other = replace(this_process(), **values)
    monkeypatch.setattr(lock, "this_process", lambda: other)


@pytest.fixture
def dead_pid() -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def test_one_holder_at_a_time_and_the_second_is_told_who(database: Database) -> None:
    first, second = Lock(database, "site"), Lock(database, "site")
    first.acquire("run-1")
    with pytest.raises(LockedError, match="run run-1, since 20") as refused:
        second.acquire("run-2")
    assert refused.value.exit_code == ExitCode.LOCKED
    assert f"process {os.getpid()}" in str(refused.value)
    Lock(database, "another-site").acquire("run-3")
    first.release()
    assert second.acquire("run-2") == ()
    assert [held.run for held in second.held_by()] == ["run-2"]


def test_a_live_holder_is_not_broken(database: Database) -> None:
    Lock(database, "site").acquire("run-1")
    with pytest.raises(LockedError, match="it is alive, so its lock is not broken"):
        Lock(database, "site").acquire("run-2", break_stale=True)


def test_a_dead_holder_is_explained_and_broken_only_when_asked(database: Database, monkeypatch: pytest.MonkeyPatch, dead_pid: int) -> None:
    with monkeypatch.context() as patched:
        _as(patched, pid=dead_pid, process_start=1)
        Lock(database, "site").acquire("run-1")
    with pytest.raises(LockedError, match=f"process {dead_pid} is gone from this host") as refused:
        Lock(database, "site").acquire("run-2")
    assert "--break-lock" in refused.value.remedy
    mine = Lock(database, "site")
    (broken,) = mine.acquire("run-2", break_stale=True)
    assert broken.run == "run-1"
    assert [held.run for held in mine.held_by()] == ["run-2"]


def test_a_resumption_inherits_from_the_certainly_dead_alone(database: Database, monkeypatch: pytest.MonkeyPatch, dead_pid: int) -> None:
    with monkeypatch.context() as patched:
        _as(patched, host="other", machine="other-boot")
        Lock(database, "elsewhere").acquire("run-1")
        _as(patched, pid=dead_pid, process_start=1)
        Lock(database, "here").acquire("run-1")
    with database.transaction() as session:
        session.execute(update(LockRow).values(heartbeat=database.now(session) - STALE_AFTER * 2))
    with pytest.raises(LockedError, match="other has been silent") as refused:
        Lock(database, "elsewhere").acquire("run-2", inherit=True)
    assert "when nothing of it runs any more" in refused.value.remedy
    assert [held.run for held in Lock(database, "here").acquire("run-2", inherit=True)] == ["run-1"]


def test_another_process_with_the_same_pid_is_not_the_holder(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        _as(patched, process_start=1)
        Lock(database, "site").acquire("run-1")
    assert Lock(database, "site").held_by()[0].stale


@pytest.mark.parametrize(("silence", "stale"), [(dt.timedelta(seconds=1), False), (STALE_AFTER * 2, True)])
def test_a_holder_elsewhere_is_judged_by_its_heartbeat(
    database: Database, monkeypatch: pytest.MonkeyPatch, silence: dt.timedelta, stale: bool
) -> None:
    with monkeypatch.context() as patched:
        _as(patched, host="other", machine="other-boot")
        Lock(database, "site").acquire("run-1")
    with database.transaction() as session:
        session.execute(update(LockRow).values(heartbeat=database.now(session) - silence))
    (held,) = Lock(database, "site").held_by()
    assert bool(held.stale) is stale
    assert ("other has been silent" in held.stale) is stale


def test_the_heartbeat_beats(database: Database, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., None]) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT", dt.timedelta(seconds=0.01))
    mine = Lock(database, "site")
    mine.acquire("run-1")
    old = dt.timedelta(hours=1)
    with database.transaction() as session:
        session.execute(update(LockRow).values(heartbeat=database.now(session) - old))
    wait_until(lambda: mine.held_by()[0].silent < old / 2)
    mine.release()
    assert mine.held_by() == []


def test_a_lock_that_was_taken_away_is_not_given_back(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        _as(patched, process_start=1)
        first = Lock(database, "site")
        first.acquire("run-1")
    second = Lock(database, "site")
    second.acquire("run-2", break_stale=True)
    first.release()
    assert [held.run for held in second.held_by()] == ["run-2"]


def test_processes_are_told_apart() -> None:
    me = this_process()
    assert me.here
    assert me.alive
    assert not Holder("u", "h", "elsewhere", me.pid, me.process_start).here
    assert process_start(2**22 + 1) is None


def test_a_zombie_is_dead() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    deadline = time.monotonic() + 10
    while process_start(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.001)
    assert process_start(pid) is None
    assert os.waitpid(pid, 0)[0] == pid  # only its corpse was left


def test_users_without_a_name_are_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr(holder.getpass, "getuser", nobody)
    assert this_process().user == f"uid {os.getuid()}"


@pytest.mark.parametrize("url", ["mysql://localhost/x", "not a url"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(StateError):
        Database(url)


def test_an_unreachable_server_is_named_without_its_password() -> None:
    with pytest.raises(StateError) as failed:
        Database("postgresql://infra:hush-hush@127.0.0.1:1/journal")
    assert "127.0.0.1" in str(failed.value)
    assert "hush-hush" not in str(failed.value)


def test_a_missing_client_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StateError, match="the client of PostgreSQL is not installed") as missing:
        Database("postgresql://infra@127.0.0.1:1/journal")
    assert "infra-kit[postgresql]" in missing.value.remedy

"""One lock a site, in the journal's database: who holds it, since when, whether the holder still lives."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from infra_kit.inventory.errors import LockedError, StateError
from infra_kit.plan.record.holder import Holder, this_process
from infra_kit.plan.record.tables import LockRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from infra_kit.plan.record.database import Database

HEARTBEAT: Final = dt.timedelta(seconds=10)
STALE_AFTER: Final = dt.timedelta(seconds=90)
"""A holder on another host that has been silent for this long is taken for dead; the pause of a virtual machine is shorter."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lock as someone else sees it."""

    holder: Holder
    run: str
    since: dt.datetime
    silent: dt.timedelta

    @property
    def dead(self) -> bool:
        """Whether it is certain that the holder is gone: its process was on this machine and is no more."""
        return self.holder.here and not self.holder.alive

    @property
    def stale(self) -> str:
        """Why the holder is dead or taken for dead; empty while it is not."""
        if self.holder.here:
            return f"process {self.holder.pid} is gone from this host" if self.dead else ""
        if self.silent > STALE_AFTER:
            return f"{self.holder.host} has been silent for {int(self.silent.total_seconds())} s"
        return ""

    @property
    def text(self) -> str:
        """Holder, place and time, for messages."""
        who = self.holder
        return f"{who.user}@{who.host}, process {who.pid}, run {self.run}, since {self.since.isoformat(timespec='seconds')}"


class Lock:
    """The lock of one site, held by this process between `acquire` and `release`.

    Args:
        database: where it is.
        site: the site's name.
    """

    def __init__(self, database: Database, site: str) -> None:
        """Not held yet."""
        self._database = database
        self.site = site
        self.token = secrets.token_hex(16)
        self._stop = threading.Event()
        self._beating: threading.Thread | None = None

    def acquire(self, run: str, *, break_stale: bool = False, inherit: bool = False) -> Held | None:
        """Take the lock and keep its heartbeat going.

        Args:
            run: what the others are told.
            break_stale: take it from a holder that is dead or taken for dead.
            inherit: take it from a holder that is certainly dead (a resumption goes on where that one ended).

        Returns:
            The holder it was taken from, or None.

        Raises:
            LockedError: another run holds it; the message names it.
            StateError: the database failed.
        """
        broken: Held | None = None
        held = self._insert(run)
        if held is not None:
            if not ((break_stale and held.stale) or (inherit and held.dead)):
                raise _locked(self.site, held, asked_to_break=break_stale)
            broken = held
            self._remove(held)
            held = self._insert(run)
            if held is not None:
                raise _locked(self.site, held, asked_to_break=False)
        self._beating = threading.Thread(target=self._beat, name="lock-heartbeat", daemon=True)
        self._beating.start()
        return broken

    def release(self) -> None:
        """Give it back, unless it was taken away meanwhile."""
        self._stop.set()
        if self._beating is not None:
            self._beating.join(timeout=HEARTBEAT.total_seconds())
        with self._database.transaction() as session:
            session.execute(delete(LockRow).where(LockRow.site == self.site, LockRow.token == self.token))

    def held_by(self) -> Held | None:
        """Who holds it now."""
        with self._database.transaction() as session:
            return self._held(session)

    def __enter__(self) -> Self:
        """Itself; `acquire` may come before or after."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release."""
        self.release()

    def _insert(self, run: str) -> Held | None:
        me = this_process()
        for _attempt in range(3):
            try:
                with self._database.transaction() as session:
                    now = self._database.now(session)
                    session.add(
                        LockRow(
                            site=self.site,
                            token=self.token,
                            user=me.user,
                            host=me.host,
                            machine=me.machine,
                            pid=me.pid,
                            process_start=me.process_start,
                            run=run,
                            since=now,
                            heartbeat=now,
                        )
                    )
            except IntegrityError:
                held = self.held_by()
                if held is not None:
                    return held
                continue  # released between the two statements
            return None
        raise LockedError(f"the lock of site {self.site} changes hands faster than it can be read", remedy="try again")

    def _remove(self, held: Held) -> None:
        with self._database.transaction() as session:
            # Only the very holder that was judged dead: another may have broken the lock first.
            session.execute(delete(LockRow).where(LockRow.site == self.site, LockRow.run == held.run, LockRow.pid == held.holder.pid))

    def _held(self, session: Session) -> Held | None:
        row = session.scalar(select(LockRow).where(LockRow.site == self.site))
        if row is None:
            return None
        holder = Holder(row.user, row.host, row.machine, row.pid, row.process_start)
        return Held(holder, row.run, row.since, self._database.now(session) - row.heartbeat)

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT.total_seconds()):
            try:
                with self._database.transaction() as session:
                    session.execute(
                        update(LockRow)
                        .where(LockRow.site == self.site, LockRow.token == self.token)
                        .values(heartbeat=self._database.now(session))
                    )
            except StateError:
                # The next step's own journal entry meets the same failure and stops the run with its reason.
                continue


def _locked(site: str, held: Held, *, asked_to_break: bool) -> LockedError:
    if held.stale:
        return LockedError(
            f"site {site} is locked by a run that is no longer alive: {held.text}; {held.stale}",
            remedy=(
                "`apply --resume` goes on where an apply stopped; `--break-lock` takes its lock and plans anew"
                if held.dead
                else "when nothing of it runs any more, `--break-lock` takes the lock; with `--resume` it goes on from there"
            ),
        )
    refusal = "; it is alive, so its lock is not broken" if asked_to_break else ""
    return LockedError(f"site {site} is locked: {held.text}{refusal}", remedy="wait for that run to end, or stop it")

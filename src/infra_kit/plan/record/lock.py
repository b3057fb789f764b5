"""The locks of a site, in the journal's database: of all of it, or of single workspaces; one run never holds what another one holds."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from typing import TYPE_CHECKING, Final, Self

from sqlalchemy import delete, update

from infra_kit.inventory.errors import LockedError, StateError
from infra_kit.plan.record.holder import this_process
from infra_kit.plan.record.holding import Held, all_held
from infra_kit.plan.record.tables import LockRow, SchemaRow
from infra_kit.plan.scope import WHOLE, described, overlap, together, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from infra_kit.plan.record.database import Database

HEARTBEAT: Final = dt.timedelta(seconds=10)


class Lock:
    """The lock of one site or of some scopes of it, held by this process between `acquire` and `release`.

    The lock of the whole site excludes all others, and they it; locks of different scopes do not exclude each other.

    Args:
        database: where it is.
        site: the site's name.
    """

    def __init__(self, database: Database, site: str) -> None:
        """Not held yet."""
        self._database = database
        self.site = site
        self.token = secrets.token_hex(16)
        self._run = ""
        self._scopes: tuple[str, ...] = ()
        self._stop = threading.Event()
        self._beating: threading.Thread | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        """What it holds."""
        return self._scopes

    def acquire(self, run: str, scopes: Sequence[str] = WHOLE, *, break_stale: bool = False, inherit: bool = False) -> tuple[Held, ...]:
        """Take the lock and keep its heartbeat going.

        Args:
            run: what the others are told.
            scopes: what of the site.
            break_stale: take it from holders that are dead or taken for dead.
            inherit: take it from holders that are certainly dead (a resumption goes on where they ended).

        Returns:
            The holders it was taken from.

        Raises:
            LockedError: another run holds it, or a scope of it; the message names it.
            StateError: the database failed.
        """
        self._run = run
        broken = self._take(together(scopes), break_stale=break_stale, inherit=inherit)
        self._beating = threading.Thread(target=self._beat, name="lock-heartbeat", daemon=True)
        self._beating.start()
        return broken

    def widen(self, scopes: Sequence[str]) -> None:
        """Hold these scopes as well.

        Raises:
            LockedError: another run holds one of them; what was held still is.
            StateError: the database failed.
        """
        if not within(scopes, self._scopes):
            self._take(together([*self._scopes, *scopes]), break_stale=False, inherit=False)

    def release(self) -> None:
        """Give it back, unless it was taken away meanwhile."""
        self._stop.set()
        if self._beating is not None:
            self._beating.join(timeout=HEARTBEAT.total_seconds())
        with self._database.transaction() as session:
            session.execute(delete(LockRow).where(LockRow.site == self.site, LockRow.token == self.token))

    def held_by(self) -> list[Held]:
        """Who holds the site's locks now, this one among them; the eldest first."""
        with self._database.transaction() as session:
            return all_held(self._database, session, self.site)

    def __enter__(self) -> Self:
        """Itself; `acquire` may come before or after."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release."""
        self.release()

    def _take(self, scopes: tuple[str, ...], *, break_stale: bool, inherit: bool) -> tuple[Held, ...]:
        with self._database.transaction() as session:
            self._one_at_a_time(session)
            others = [each for each in all_held(self._database, session, self.site) if each.token != self.token]
            in_the_way = tuple(each for each in others if overlap(each.scopes, scopes))
            for held in in_the_way:
                if not ((break_stale and held.stale) or (inherit and held.dead)):
                    raise _locked(self.site, held, asked_to_break=break_stale)
            # All that a dead holder had: a run holds all of its scopes or none.
            tokens = [*(each.token for each in in_the_way), self.token]
            session.execute(delete(LockRow).where(LockRow.site == self.site, LockRow.token.in_(tokens)))
            self._insert(session, scopes)
        self._scopes = scopes
        return in_the_way

    @staticmethod
    def _one_at_a_time(session: Session) -> None:
        """From here to the transaction's end nobody else looks for a lock: a write makes SQLite and PostgreSQL both wait for it."""
        session.execute(update(SchemaRow).values(version=SchemaRow.version))

    def _insert(self, session: Session, scopes: tuple[str, ...]) -> None:
        me, now = this_process(), self._database.now(session)
        for scope in scopes:
            session.add(
                LockRow(
                    site=self.site,
                    scope=scope,
                    token=self.token,
                    user=me.user,
                    host=me.host,
                    machine=me.machine,
                    pid=me.pid,
                    process_start=me.process_start,
                    run=self._run,
                    since=now,
                    heartbeat=now,
                )
            )

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
    what = described(site, held.scopes)
    if held.stale:
        return LockedError(
            f"{what} is locked by a run that is no longer alive: {held.text}; {held.stale}",
            remedy=(
                "`apply --resume` goes on where an apply stopped; `--break-lock` takes its lock and plans anew"
                if held.dead
                else "when nothing of it runs any more, `--break-lock` takes the lock; with `--resume` it goes on from there"
            ),
        )
    refusal = "; it is alive, so its lock is not broken" if asked_to_break else ""
    return LockedError(f"{what} is locked: {held.text}{refusal}", remedy="wait for that run to end, or stop it")

"""The journal: what every run meant to do, was doing, and did; and what infra-kit created."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from infra_kit import __version__
from infra_kit.inventory.errors import LockedError, UsageError
from infra_kit.plan.masking import Mask, masked
from infra_kit.plan.record import statements
from infra_kit.plan.record.holder import this_process
from infra_kit.plan.record.holding import all_held
from infra_kit.plan.record.statements import carry_out
from infra_kit.plan.record.tables import CreatedRow, RunRow, StepRow
from infra_kit.plan.resource import Created, Observed
from infra_kit.plan.scope import WHOLE, within

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.orm import Session

    from infra_kit.plan.planning import Entry
    from infra_kit.plan.record.database import Database

UNFINISHED = ("planning", "running", "partial", "failed", "interrupted")
"""States of a run that `--resume` takes up; the first two are those of a killed one, once no living process holds its lock."""

SETTLED = ("done", "staged", "none")
"""States of a step that needs nothing more."""


@dataclass(frozen=True, slots=True)
class RunStart:
    """What is known of a run when it starts."""

    run: str
    command: str
    request: Mapping[str, Any]
    access: str
    site_digest: str
    resumes: str | None = None
    scopes: tuple[str, ...] = WHOLE


class Journal:
    """The journal of one site.

    Args:
        database: where it is.
        site: the site's name.
        mask: applied to every text that is written.
    """

    def __init__(self, database: Database, site: str, mask: Mask = str) -> None:
        """Writes nothing yet."""
        self._database = database
        self._site = site
        self._mask = mask

    def begin_run(self, start: RunStart) -> None:
        """A run starts to plan."""
        me = this_process()
        with self._database.transaction() as session:
            session.add(
                RunRow(
                    id=start.run,
                    site=self._site,
                    command=start.command,
                    state="planning",
                    started=self._database.now(session),
                    user=me.user,
                    host=me.host,
                    pid=me.pid,
                    access=start.access,
                    infra_kit=__version__,
                    site_digest=start.site_digest,
                    request=masked(dict(start.request), self._mask),
                    resumes=start.resumes,
                    scopes=list(start.scopes),
                )
            )

    def widen_run(self, run: str, scopes: Sequence[str]) -> None:
        """A run turns out to be about more than it began with."""
        with self._database.transaction() as session:
            session.execute(update(RunRow).where(RunRow.id == run).values(scopes=list(scopes)))

    def begin_steps(self, run: str, entries: Sequence[Entry]) -> None:
        """The run is agreed to: every entry that is not as it should be becomes a step; one that could not be read has failed already."""
        with self._database.transaction() as session:
            session.execute(update(RunRow).where(RunRow.id == run).values(state="running"))
            session.add_all(_step(run, position, entry, self._mask) for position, entry in enumerate(entries))

    def begin_step(self, run: str, resource: str, token: str) -> None:
        """Written before a step touches its device, and only while the run still holds the lock.

        Raises:
            LockedError: the lock was taken away.
            StateError: it cannot be written; the device must then be left alone.
        """

        def write(connection: Connection, now: dt.datetime) -> None:
            values = {"of_site": self._site, "of_token": token, "at": now}
            if carry_out(connection, statements.BEGIN, _of(run, resource) | values) != 1:
                raise LockedError(f"the lock of site {self._site} was taken away from run {run}", remedy="see `infra-kit status`")

        self._database.together(write)

    def intend_creation(self, run: str, resource: str, scope: str = "") -> None:
        """Written just before a resource is created: should the run be killed before it can say so, the resource still counts as ours."""

        def write(connection: Connection, now: dt.datetime) -> None:
            values = {
                "of_site": self._site,
                "of_at": now,
                "of_confirmed": False,
                "of_record": {},
                "of_scope": scope,
            }
            carry_out(connection, statements.INTEND, _of(run, resource) | values)

        self._database.together(write)

    def changed(self, run: str, resource: str, action: str, record: Mapping[str, Any]) -> None:
        """The device is changed."""
        kept = masked(dict(record), self._mask)

        def write(connection: Connection, now: dt.datetime) -> None:
            carry_out(connection, statements.APPLIED, _of(run, resource) | {"at": now})
            own = {"of_site": self._site, "of_resource": resource, "kept": kept}
            if action == "update" and kept:
                carry_out(connection, statements.REFRESH, own)
            if action == "create" and not carry_out(connection, statements.CONFIRM, own | {"by": run, "since": now}):
                row = {"site": self._site, "resource": resource, "run": run, "at": now, "confirmed": True, "record": kept, "scope": ""}
                carry_out(connection, statements.RECORD, row)

        self._database.together(write)

    def end_step(self, run: str, resource: str, outcome: str, message: str, *, removed: bool = False) -> None:
        """A step has its outcome; with `removed`, what it was about no longer exists."""
        text = self._mask(message)

        def write(connection: Connection, now: dt.datetime) -> None:
            values = {"outcome": outcome, "text": text, "at": now}
            carry_out(connection, statements.END, _of(run, resource) | values)
            if removed:
                self._forget(connection, [resource])

        self._database.together(write)

    def forget(self, resources: Sequence[str]) -> None:
        """Created resources that are found to be gone."""
        with self._database.transaction() as session:
            self._forget(session, resources)

    def end_run(  # noqa: PLR0913  all but what the run itself is are named, and may be left out
        self, run: str, state: str, exit_code: int, message: str = "", *, supersedes: Collection[str] = (), unready: Collection[str] = ()
    ) -> None:
        """A run has ended.

        Args:
            run: its id.
            state: how.
            exit_code: what its command gave.
            message: in words.
            supersedes: scopes of which nothing remains that earlier runs left unfinished.
            unready: ids of resources of which it does.
        """
        with self._database.transaction() as session:
            session.execute(
                update(RunRow)
                .where(RunRow.id == run)
                .values(state=state, exit_code=exit_code, message=self._mask(message), finished=self._database.now(session))
            )
            if supersedes:
                for earlier in self._open(session, but=run):
                    if within(earlier.scopes or WHOLE, supersedes) and not self._left_in(session, earlier.id) & set(unready):
                        earlier.superseded_by = run

    def cover(self, run: str, resources: Collection[str]) -> None:
        """A run found or made these as they should be: earlier runs that left nothing else are finished by it.

        One that was killed while it planned left nothing, and is still to be resumed; one that another process still carries out
        is not touched.
        """
        with self._database.transaction() as session:
            for earlier in self._open(session, but=run):
                if earlier.state == "planning":
                    continue
                if self._left_in(session, earlier.id) <= set(resources):
                    earlier.superseded_by = run

    def supersede(self, earlier: str, run: str) -> None:
        """`run` has taken up what `earlier` left."""
        with self._database.transaction() as session:
            session.execute(update(RunRow).where(RunRow.id == earlier).values(superseded_by=run))

    def created(self) -> list[Created]:
        """What infra-kit created in this site and has not removed."""
        with self._database.transaction() as session:
            rows = session.scalars(select(CreatedRow).where(CreatedRow.site == self._site).order_by(CreatedRow.at, CreatedRow.resource))
            return [Created(row.resource, row.record, row.scope) for row in rows]

    def open_runs(self, command: str | None = None) -> list[RunRow]:
        """Every run that was killed, interrupted or partial and that no later run has taken up or mended, latest first.

        A run whose process still lives, and may thus be at work on another part of the site, is not among them.
        """
        with self._database.transaction() as session:
            return [row for row in self._open(session) if command in {None, row.command}]

    def left(self, run: str) -> list[StepRow]:
        """Those of a run's steps that are still to be done."""
        with self._database.transaction() as session:
            return list(session.scalars(select(StepRow).where(*_left(run)).order_by(StepRow.position)))

    def left_by(self, command: str) -> frozenset[str]:
        """The resources whose steps are still to be done in any unfinished run of that command."""
        with self._database.transaction() as session:
            return frozenset(each for row in self._open(session) if row.command == command for each in self._left_in(session, row.id))

    def runs(self, limit: int | None = None) -> list[RunRow]:
        """The site's runs, latest first."""
        with self._database.transaction() as session:
            query = select(RunRow).where(RunRow.site == self._site).order_by(RunRow.started.desc(), RunRow.id.desc())
            return list(session.scalars(query.limit(limit)))

    def run(self, run: str) -> RunRow:
        """One run, by its id or the beginning of it.

        Raises:
            UsageError: none, or more than one.
        """
        with self._database.transaction() as session:
            query = select(RunRow).where(RunRow.site == self._site, RunRow.id.startswith(run, autoescape=True))
            found = list(session.scalars(query.order_by(RunRow.id).limit(2)))
        if len(found) != 1:
            raise UsageError(
                f"{'more than one run begins' if found else 'no run begins'} with {run}", remedy="`infra-kit history SITE` lists all"
            )
        return found[0]

    def steps(self, run: str) -> list[StepRow]:
        """A run's steps in their planned order."""
        with self._database.transaction() as session:
            return list(session.scalars(select(StepRow).where(StepRow.run == run).order_by(StepRow.position)))

    def _open(self, session: Session, *, but: str = "") -> list[RunRow]:
        alive = {held.run for held in all_held(self._database, session, self._site) if not held.stale}
        query = select(RunRow).where(RunRow.site == self._site, RunRow.superseded_by.is_(None), RunRow.state.in_(UNFINISHED))
        query = query.where(RunRow.id.not_in(alive | {but}))
        return list(session.scalars(query.order_by(RunRow.started.desc(), RunRow.id.desc())))

    def _left_in(self, session: Session, run: str) -> set[str]:
        return set(session.scalars(select(StepRow.resource).where(*_left(run))))

    def _forget(self, session: Session | Connection, resources: Sequence[str]) -> None:
        session.execute(delete(CreatedRow).where(CreatedRow.site == self._site, CreatedRow.resource.in_(resources)))


def _of(run: str, resource: str) -> dict[str, Any]:
    return {"of_run": run, "of_resource": resource}


def _left(run: str) -> tuple[ColumnElement[bool], ...]:
    return StepRow.run == run, StepRow.state.not_in(SETTLED)


def _step(run: str, position: int, entry: Entry, mask: Mask) -> StepRow:
    unknown = entry.diff.action == "unknown"
    return StepRow(
        run=run,
        resource=entry.id,
        position=position,
        device=entry.resource.device,
        action=entry.diff.action,
        disruption=entry.diff.disruption,
        state="failed" if unknown else "planned",
        message=mask(f"could not be read: {entry.diff.reason}") if unknown else "",
        observed=entry.observed.digest if isinstance(entry.observed, Observed) else None,
    )

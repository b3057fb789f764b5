"""The database behind journal and lock: SQLite beside the site, or a team's PostgreSQL."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy import create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import Session

from infra_kit.inventory.errors import StateError
from infra_kit.plan.record.migration import migrate
from infra_kit.plan.record.tables import SCHEMA_VERSION, SchemaRow, Table, Utc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import URL, Connection

_BUSY_MS = 15_000
_CONNECT_S = 10
_STATEMENT_MS = 30_000
_ATTEMPTS = 5
_PAUSE_S = 0.1

Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Write:
    """What one thread wants written together with others, and how that went."""

    write: Callable[[Connection, dt.datetime], Any]
    told: threading.Event = field(default_factory=threading.Event)
    """That it is written, or that it is its thread's turn to write what waits."""
    result: Any = None
    error: Exception | None = None
    ended: bool = False

    def end(self, error: Exception | None = None) -> None:
        self.error, self.ended = error, True
        self.told.set()


class Database:
    """One database, opened; every failure of it is a StateError that names it without its password.

    Args:
        url: an SQLAlchemy URL of SQLite or PostgreSQL.
    """

    def __init__(self, url: URL | str) -> None:
        """Connect and make the tables where they are missing.

        Raises:
            StateError: no connection, no right to write, or a journal of a newer infra-kit.
        """
        try:
            self._url = make_url(url)
        except ArgumentError as error:
            raise StateError("the journal's database URL is none", remedy="postgresql://USER:PASSWORD@HOST:PORT/DATABASE") from error
        self._guard = threading.RLock()
        self._queue_guard = threading.Lock()
        self._queue: list[_Write] = []
        self._led = False
        try:
            self._engine = create_engine(
                _driver(self._url), connect_args=_arguments(self._url), pool_pre_ping=not self.is_sqlite, hide_parameters=True
            )
        except ImportError as error:
            raise StateError(
                "the client of PostgreSQL is not installed", where=self.name, remedy="install `infra-kit[postgresql]`"
            ) from error
        if self.is_sqlite:
            event.listen(self._engine, "connect", _pragmas)
        try:
            self._make_tables()
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise self._failure(error) from None

    @property
    def is_sqlite(self) -> bool:
        """Whether it is the file beside the site."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def name(self) -> str:
        """For messages: the URL, its password hidden."""
        return self._url.render_as_string(hide_password=True)

    @property
    def password(self) -> str:
        """The URL's password, to be masked."""
        return str(self._url.password or "")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction. SQLite's are one after another within the process, so that threads never meet its busy error.

        Raises:
            StateError: whatever the database says.
        """
        with self._alone(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def together(self, write: Callable[[Connection, dt.datetime], Result]) -> Result:
        """Have something written; on disk when this returns.

        What other threads want written meanwhile goes into the same transaction: to commit costs as much for one as for twenty.
        Each still has its own outcome: where the transaction fails, each is written in one of its own.

        Args:
            write: is given a connection, for a session costs more than what is written, and the time of the transaction; what it
                raises of ours comes back to who asked for it. Called twice where the first transaction failed.

        Raises:
            StateError: whatever the database says.
        """
        own = _Write(write)
        with self._queue_guard:
            self._queue.append(own)
            leads, self._led = not self._led, True
        if not leads:
            own.told.wait()
        if not own.ended:
            self._lead()
        if own.error is not None:
            raise own.error
        result: Result = own.result
        return result

    def _lead(self) -> None:
        """Write what waits; then the first of those who have come meanwhile does the same."""
        with self._queue_guard:
            batch, self._queue = self._queue, []
        try:
            self._write(batch)
        finally:
            for each in batch:
                if not each.ended:
                    each.end(StateError("the writing was interrupted", where=self.name))
            with self._queue_guard:
                self._led = bool(self._queue)
                if self._led:
                    self._queue[0].told.set()

    def _write(self, batch: Sequence[_Write]) -> None:
        try:
            with self._alone(), self._engine.begin() as connection:
                now = self.now(connection)
                for each in batch:
                    each.result = each.write(connection, now)
        except Exception as error:  # noqa: BLE001  goes to whom it concerns
            if len(batch) == 1:
                batch[0].end(error)
                return
            for each in batch:
                self._write([each])
            return
        for each in batch:
            each.end()

    def now(self, session: Session | Connection) -> dt.datetime:
        """The database's own clock: the one that all hosts of a team share. SQLite's is that of this very host."""
        if self.is_sqlite:
            return dt.datetime.now(dt.UTC)
        now: dt.datetime | None = session.scalar(select(func.current_timestamp(type_=Utc())))
        assert now is not None
        return now

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._guard:
            try:
                yield
            except IntegrityError:
                raise
            except SQLAlchemyError as error:
                raise self._failure(error) from None

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _make_tables(self) -> None:
        for left in reversed(range(_ATTEMPTS)):
            try:
                Table.metadata.create_all(self._engine)
                self._agree_on_version()
            except (OperationalError, ProgrammingError, IntegrityError):
                # Most often two runs that make a new database at once: the one that comes second finds it made.
                if not left:
                    raise
                time.sleep(_PAUSE_S)
            else:
                return

    def _agree_on_version(self) -> None:
        with Session(self._engine) as session, session.begin():
            version = migrate(session)
            if version is None:
                session.merge(SchemaRow(version=SCHEMA_VERSION))
            elif version > SCHEMA_VERSION:
                raise StateError(
                    f"the journal was written by a newer infra-kit (its form is {version}, this one knows {SCHEMA_VERSION})",
                    where=self.name,
                    remedy="use that infra-kit",
                )

    def _failure(self, error: SQLAlchemyError) -> StateError:
        words = str(getattr(error, "orig", None) or error).strip().splitlines()
        reason = words[0] if words else type(error).__name__
        if self._url.password:
            reason = reason.replace(str(self._url.password), "***")
        return StateError(
            f"the journal's database failed: {reason}", where=self.name, remedy="mend it, then run again: the journal is intact"
        )


def _driver(url: URL) -> URL:
    backend = url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return url
    raise StateError(
        f"infra-kit keeps its journal in SQLite or PostgreSQL, not {backend}",
        remedy="sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
    )


def _arguments(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"timeout": _BUSY_MS / 1000}
    return {"connect_timeout": _CONNECT_S, "options": f"-c statement_timeout={_STATEMENT_MS}"}


def _pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: what the journal says before a change must survive a power cut during it.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()

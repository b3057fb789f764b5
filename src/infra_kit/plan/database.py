"""The database behind journal and lock: SQLite beside the site, or a team's PostgreSQL."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from infra_kit.inventory.errors import StateError
from infra_kit.plan.tables import SCHEMA_VERSION, SchemaRow, Table, Utc

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import URL

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.state import StateFolder

STATE_URL = "INFRA_KIT_STATE_URL"
_BUSY_MS = 15_000
_CONNECT_S = 10
_STATEMENT_MS = 30_000


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
            raise StateError(f"{STATE_URL} is not a database URL", remedy="postgresql://USER:PASSWORD@HOST:PORT/DATABASE") from error
        self._guard = threading.RLock()
        self._engine = create_engine(_driver(self._url), connect_args=_arguments(self._url), pool_pre_ping=True, hide_parameters=True)
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

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction. SQLite's are one after another within the process, so that threads never meet its busy error.

        Raises:
            StateError: whatever the database says.
        """
        with self._guard:
            try:
                with Session(self._engine, expire_on_commit=False) as session, session.begin():
                    yield session
            except IntegrityError:
                raise
            except SQLAlchemyError as error:
                raise self._failure(error) from None

    @staticmethod
    def now(session: Session) -> dt.datetime:
        """The database's own clock: the one that all hosts of a team share."""
        now: dt.datetime | None = session.scalar(select(func.current_timestamp(type_=Utc())))
        assert now is not None
        return now

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
        Table.metadata.create_all(self._engine)
        with Session(self._engine) as session, session.begin():
            version = session.scalar(select(SchemaRow.version))
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


def open_database(site: Site, folder: StateFolder, access: Access | None = None) -> Database:
    """The site's database: `INFRA_KIT_STATE_URL`, else the site's `state_url`, else SQLite in the state folder.

    Args:
        site: the site.
        folder: its state folder.
        access: remembers the URL's password for masking, where there is an access.

    Raises:
        StateError: it cannot be opened.
        SecretError: the site's `state_url` leads nowhere.
    """
    url = _shared_url(site)
    if url is None:
        if not folder.database.exists():
            # SQLite gives its companions the mode of the database itself.
            _touch_private(folder.database)
        return Database(f"sqlite:///{folder.database}")
    database = Database(url)
    password = make_url(url).password
    if access is not None and password:
        access.secrets.remember(STATE_URL, str(password))
    return database


def existing_database(site: Site, folder: StateFolder) -> Database | None:
    """As `open_database`, but None where nothing has ever been journaled: commands that only look create nothing."""
    if _shared_url(site) is None and not folder.database.exists():
        return None
    return open_database(site, folder)


def _shared_url(site: Site) -> str | None:
    from infra_kit.inventory.secrets import SecretStore

    if url := os.environ.get(STATE_URL):
        return url
    if site.site.state_url:
        return SecretStore(site.folder).resolve(site.site.state_url).get_secret_value()
    return None


def _touch_private(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        raise StateError(f"the journal cannot be made: {error.strerror}", where=str(path)) from error


def _driver(url: URL) -> URL:
    backend = url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return url
    raise StateError(f"infra-kit keeps its journal in SQLite or PostgreSQL, not {backend}", remedy=f"correct {STATE_URL}")


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

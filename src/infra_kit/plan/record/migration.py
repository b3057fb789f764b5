"""Databases of earlier versions, brought to the form that the tables have now. A run of an earlier version that is under way goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import column, insert, select, table, text, update
from sqlalchemy.schema import CreateTable

from infra_kit.plan.record.tables import SCHEMA_VERSION, LockRow, SchemaRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

_LOCK_COLUMNS_1: Final = ("site", "token", "user", "host", "machine", "pid", "process_start", "run", "since", "heartbeat")


def migrate(session: Session) -> int | None:
    """Bring the tables up, step by step, within the session's transaction; where two come at once, the second one finds it done.

    Returns:
        The form that they have now; None where the database is new.
    """
    version = session.scalar(select(SchemaRow.version))
    while version is not None and version < SCHEMA_VERSION:
        # This write comes first: whoever else opens the database waits here, and then finds no such version.
        mine = session.execute(update(SchemaRow).where(SchemaRow.version == version).values(version=version + 1))
        if mine.rowcount:  # type: ignore[attr-defined]
            _STEPS[version](session)
        session.expire_all()
        version = session.scalar(select(SchemaRow.version))
    return version


def _scopes(session: Session) -> None:
    """From 1 to 2: locks, runs and what was created have scopes."""
    session.execute(text("ALTER TABLE runs ADD COLUMN scopes JSON"))
    session.execute(text("ALTER TABLE created ADD COLUMN scope VARCHAR DEFAULT '' NOT NULL"))
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE locks ADD COLUMN scope VARCHAR DEFAULT '' NOT NULL"))
        session.execute(text("ALTER TABLE locks DROP CONSTRAINT locks_pkey"))
        session.execute(text("ALTER TABLE locks ADD PRIMARY KEY (site, scope)"))
        return
    # SQLite cannot change a primary key. The name stays, so that a holder of the earlier version still finds its lock.
    session.execute(text("ALTER TABLE locks RENAME TO locks_before"))
    session.execute(CreateTable(cast("Table", LockRow.__table__)))
    before, after = (table(name, *map(column, _LOCK_COLUMNS_1)) for name in ("locks_before", "locks"))
    session.execute(insert(after).from_select(list(_LOCK_COLUMNS_1), select(before)))
    session.execute(text("DROP TABLE locks_before"))


_STEPS: Final[dict[int, Callable[[Session], None]]] = {1: _scopes}
"""What brings a database from this version to the next one."""

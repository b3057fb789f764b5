"""The journal's tables."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA_VERSION = 2


class Utc(TypeDecorator[dt.datetime]):
    """Aware times in UTC, also where the database keeps no zone (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, _dialect: Dialect) -> dt.datetime | None:
        """To the database."""
        return None if value is None else value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, _dialect: Dialect) -> dt.datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Table(DeclarativeBase):
    """Every table of the journal."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {dt.datetime: Utc, dict[str, Any]: JSON, list[str]: JSON}


class SchemaRow(Table):
    """Which form the tables have; a journal of a newer infra-kit is refused."""

    __tablename__ = "schema"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class RunRow(Table):
    """One `apply` or `destroy`. A run without `finished` is under way, or was killed."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(index=True)
    command: Mapped[str]
    state: Mapped[str]
    """planning, running, done, partial, failed, interrupted, declined."""
    started: Mapped[dt.datetime]
    finished: Mapped[dt.datetime | None]
    user: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int]
    access: Mapped[str]
    infra_kit: Mapped[str]
    site_digest: Mapped[str]
    request: Mapped[dict[str, Any]]
    resumes: Mapped[str | None]
    superseded_by: Mapped[str | None]
    exit_code: Mapped[int | None]
    message: Mapped[str] = mapped_column(default="")
    scopes: Mapped[list[str] | None]
    """What it locked; None, of an earlier version: the whole site."""


class StepRow(Table):
    """One resource not as it should be: written when the run starts, before the device is changed, after it was, and at the end."""

    __tablename__ = "steps"

    run: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    device: Mapped[str]
    action: Mapped[str]
    disruption: Mapped[str]
    state: Mapped[str]
    """planned, running, applied, then the outcome: done, staged, failed, skipped, none."""
    observed: Mapped[str | None]
    started: Mapped[dt.datetime | None]
    applied: Mapped[dt.datetime | None]
    finished: Mapped[dt.datetime | None]
    message: Mapped[str] = mapped_column(default="")


class CreatedRow(Table):
    """A resource that infra-kit created, so that it can be removed when it leaves the inventory."""

    __tablename__ = "created"

    site: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    run: Mapped[str]
    at: Mapped[dt.datetime]
    confirmed: Mapped[bool]
    """False from just before the change until the journal knows that it was made."""
    record: Mapped[dict[str, Any]]
    scope: Mapped[str] = mapped_column(default="", server_default="")
    """Empty: the whole site."""


class LockRow(Table):
    """The holder of a site's lock, or of one scope of it. A run that holds several has one row for each, all with its token."""

    __tablename__ = "locks"

    site: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True, default="", server_default="")
    """Empty: the whole site."""
    token: Mapped[str]
    user: Mapped[str]
    host: Mapped[str]
    machine: Mapped[str]
    """Boot and process namespace: where it is ours, a pid that is gone proves that the holder is."""
    pid: Mapped[int]
    process_start: Mapped[int]
    """Kernel ticks at which that process started: tells it from a later one with the same pid."""
    run: Mapped[str]
    since: Mapped[dt.datetime]
    heartbeat: Mapped[dt.datetime]

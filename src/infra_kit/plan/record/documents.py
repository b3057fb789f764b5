"""Rows of the journal as JSON-able records, for `history` and `status`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from infra_kit.plan.scope import WHOLE

if TYPE_CHECKING:
    from infra_kit.plan.record.tables import RunRow, StepRow


def run_record(row: RunRow) -> dict[str, Any]:
    """One run."""
    return {
        "run": row.id,
        "command": row.command,
        "state": row.state,
        "exit_code": row.exit_code,
        "started": _time(row.started),
        "finished": _time(row.finished),
        "seconds": seconds(row.started, row.finished),
        "user": row.user,
        "host": row.host,
        "pid": row.pid,
        "access": row.access,
        "infra_kit": row.infra_kit,
        "site_digest": row.site_digest,
        "scopes": list(row.scopes or WHOLE),
        "resumes": row.resumes,
        "superseded_by": row.superseded_by,
        "message": row.message,
    }


def step_record(row: StepRow) -> dict[str, Any]:
    """One step."""
    return {
        "resource": row.resource,
        "device": row.device,
        "action": row.action,
        "disruption": row.disruption,
        "state": row.state,
        "started": _time(row.started),
        "applied": _time(row.applied),
        "finished": _time(row.finished),
        "seconds": seconds(row.started, row.finished),
        "message": row.message,
    }


def seconds(started: dt.datetime | None, finished: dt.datetime | None) -> float | None:
    """Seconds between, where both are known."""
    return None if started is None or finished is None else round((finished - started).total_seconds(), 3)


def _time(value: dt.datetime | None) -> str | None:
    return None if value is None else value.isoformat(timespec="milliseconds")

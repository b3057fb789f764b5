"""What is written for every single step, said once: to put such a statement together costs more than to carry it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import bindparam, exists, select

from infra_kit.plan.record.tables import CreatedRow, LockRow, StepRow

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, Connection, Table, Update

_STEPS, _CREATED, _LOCKS = (cast("Table", row.__table__) for row in (StepRow, CreatedRow, LockRow))


def _of(table: Table, column: str) -> BindParameter[Any]:
    # Another name than the column's, which an UPDATE keeps for the values that it sets.
    return bindparam(f"of_{column}", type_=table.c[column].type)


def _step() -> Update:
    return _STEPS.update().where(_STEPS.c.run == _of(_STEPS, "run"), _STEPS.c.resource == _of(_STEPS, "resource"))


_HOLDS = exists().where(_LOCKS.c.site == _of(_LOCKS, "site"), _LOCKS.c.token == _of(_LOCKS, "token"))
BEGIN = _step().where(_HOLDS).values(state="running", started=bindparam("at", type_=_STEPS.c.started.type))
"""A step begins, while the run holds the lock: of_run, of_resource, of_site, of_token, at."""
APPLIED = _step().values(state="applied", applied=bindparam("at", type_=_STEPS.c.applied.type))
"""The device is changed: of_run, of_resource, at."""
END = _step().values(state=bindparam("outcome"), message=bindparam("text"), finished=bindparam("at", type_=_STEPS.c.finished.type))
"""A step has its outcome: of_run, of_resource, outcome, text, at."""

_OWN = _CREATED.c.site == _of(_CREATED, "site"), _CREATED.c.resource == _of(_CREATED, "resource")
_COLUMNS = [column.name for column in _CREATED.columns]
INTEND = _CREATED.insert().from_select(
    _COLUMNS, select(*(_of(_CREATED, name).label(name) for name in _COLUMNS)).where(~exists().where(*_OWN)), include_defaults=False
)
"""A resource is about to be created, unless it is known already: `of_` and each column of the table."""
CONFIRM = (
    _CREATED.update()
    .where(*_OWN)
    .values(
        run=bindparam("by"),
        at=bindparam("since", type_=_CREATED.c.at.type),
        record=bindparam("kept", type_=_CREATED.c.record.type),
        confirmed=True,
    )
)
"""A resource is created; its scope stays that of the intention: of_site, of_resource, by, since, kept."""
REFRESH = _CREATED.update().where(*_OWN).values(record=bindparam("kept", type_=_CREATED.c.record.type), confirmed=True)
"""What a created resource's removal needs has changed: of_site, of_resource, kept."""


RECORD = _CREATED.insert()
"""A resource is created that no intention was written of: each column of the table."""


def carry_out(connection: Connection, statement: Any, values: dict[str, Any]) -> int:
    """Carry one of these out: how many rows it concerned."""
    return int(connection.execute(statement, values).rowcount)

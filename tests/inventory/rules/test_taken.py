"""The names that a rule refuses against those that the workspaces' program gives."""

from __future__ import annotations

from infra_kit.inventory.rules.models import BATCH, CHORES, TAKEN
from infra_kit.stacks.workspaces import backup, failed_jobs, metrics_store, serving
from infra_kit.stacks.workspaces.services import table


def test_every_service_s_name_is_refused():
    assert {row.application for row in table().services} <= {*TAKEN, *CHORES}


def test_every_chore_s_name_is_refused():
    assert {backup.NAME, backup.RESTORE, failed_jobs.NAME, metrics_store.ROLL_UP} <= set(CHORES)
    assert f"{serving.BATCH}-" == BATCH

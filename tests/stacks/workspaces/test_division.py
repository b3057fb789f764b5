"""How a quota is divided: what the namespaces may request never adds up to more than the workspace's quota."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from infra_kit.inventory.errors import ProgramError
from infra_kit.inventory.models.workspaces import UserQuota, WorkspaceQuota
from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.stacks.workspaces.division import VIEW_BYTES, Division
from infra_kit.stacks.workspaces.names import Names
from infra_kit.stacks.workspaces.services import services_of, table
from infra_kit.stacks.workspaces.volumes import SERVICE_VOLUMES

from .conftest import large, manifests, reference, site_with, standard


def division(site=None, **changes):
    site, workspace = site or reference(), large(**changes)
    return Division(site, workspace, Names(site, workspace))


@settings(max_examples=200, deadline=None)
@given(
    cpu=st.integers(4, 400),
    memory=st.integers(16, 2000),
    gpus=st.integers(0, 8),
    storage=st.integers(1, 20_000),
    users=st.integers(0, 40),
    each=st.tuples(st.integers(1, 16), st.integers(1, 128), st.integers(0, 4), st.integers(1, 500)),
)
def test_parts_never_exceed_the_workspaces_quota(cpu, memory, gpus, storage, users, each):  # noqa: PLR0913  one of each
    quota = WorkspaceQuota(cpu=str(cpu), memory=f"{memory}Gi", gpus=gpus, storage=f"{storage}Gi")
    mine = UserQuota(cpu=str(each[0]), memory=f"{each[1]}Gi", gpus=each[2], storage=f"{each[3]}Gi")
    try:
        found = division(quota=quota, user_quota=mine, users=[f"u{number}" for number in range(users)], admins=[])
    except ProgramError:
        assume(False)
    parts = [found.services, *found.users.values()]
    assert len(parts) == users + 1
    assert sum(part.cpu_millicores for part in parts) == cpu * 1000
    assert sum(part.memory_bytes for part in parts) == memory * 2**30
    assert sum(part.gpus for part in parts) == gpus
    assert found.services.cpu_millicores >= found.needed.cpu_millicores
    assert found.services.memory_bytes >= found.needed.memory_bytes
    assert all(part.cpu_millicores <= each[0] * 1000 and part.memory_bytes <= each[1] * 2**30 for part in found.users.values())
    assert found.services_storage + users * (found.home_bytes + VIEW_BYTES) == storage * 2**30
    assert found.services_storage >= sum(found.storage[name] for name in SERVICE_VOLUMES) + VIEW_BYTES


def test_gpus_go_to_administrators_first_then_in_the_inventorys_order():
    found = division(users=["ada", "grace", "alan"], admins=["alan"], quota=large().quota.model_copy(update={"gpus": 2}))
    assert {name: part.gpus for name, part in found.users.items()} == {"alan": 1, "ada": 1, "grace": 0}


def test_a_queue_bounds_the_sum_so_that_each_may_have_the_whole_user_quota():
    found = division(site_with(reference(), queues="yunikorn"), quota=large().quota.model_copy(update={"cpu": "16"}))
    assert {part.cpu_millicores for part in found.users.values()} == {8000}
    assert found.services == found.total


@pytest.mark.parametrize(("field", "value"), [("cpu", "2"), ("memory", "4Gi")])
def test_a_quota_below_the_services_needs_is_refused_with_the_number(field, value):
    with pytest.raises(ProgramError, match=rf"quota's `{field}` is below .*at least \d"):
        division(quota=large().quota.model_copy(update={field: value}))


def test_live_quotas_are_the_division():
    objects = manifests(standard(), "ResourceQuota")
    hard = [each["spec"]["hard"] for each in objects]
    assert sum(millicores(each["requests.cpu"]) for each in hard) == 220_000
    assert sum(in_bytes(each["requests.memory"]) for each in hard) == 2 * 2**40
    assert sum(int(each["requests.nvidia.com/gpu"]) for each in hard) == 3
    assert sum(in_bytes(each["requests.storage"]) for each in hard) == 10 * 2**40


def test_the_table_is_whole():
    rows = table()
    names = {row.name for row in rows.services}
    others = {"users", "ingress", "entrance", "models", "applications", "monitoring"}
    assert {caller for row in rows.services for caller in row.callers} <= names | others
    assert {row.pods for row in rows.services} <= names | {""}


def test_optional_services_follow_the_inventory():
    site = reference()
    names = {row.name for row in services_of(site, large(experiments=False, spark=large().spark.model_copy(update={"enabled": False})))}
    assert not names & {"mlflow", "spark-history", "saml-proxy"}
    assert "failed-jobs" in names

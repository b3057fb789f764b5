"""The team hierarchy as scheduling queues, and what pods say to be placed in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.inventory.models.team import Team, TeamQuota
from infra_kit.inventory.models.workspaces import WorkspaceQuota
from infra_kit.stacks.parts.queues import TaskGroup, gang, hierarchy, lineage, placement, queue_name

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site

INVENTORY = Path(__file__).resolve().parents[3] / "inventory"


@pytest.fixture(scope="module")
def site() -> Site:
    found = load_site(INVENTORY / "configuration-1")
    teams = [
        Team(name="bank", quota=TeamQuota(cpu="40", memory="1Ti", gpus=1)),
        Team(name="risk", parent="bank", quota=TeamQuota(cpu="64", memory="256Gi", gpus=2)),
    ]
    shares = {
        "fraud": WorkspaceQuota(cpu="48", memory="384Gi", gpus=2, storage="1Ti"),
        "churn": WorkspaceQuota(cpu="32", memory="1Gi", storage="1Ti"),
    }
    owners = {"fraud": "risk", "churn": "marketing"}
    workspaces = [found.workspace_by_name[name].model_copy(update={"quota": shares[name], "team": owners[name]}) for name in shares]
    assert found.kubernetes is not None
    kubernetes = found.kubernetes.model_copy(update={"queues": "yunikorn"})
    return changed(found, {"teams": teams, "workspaces": workspaces, "kubernetes": kubernetes})


def changed(site: Site, sections: dict[str, Any]) -> Site:
    found = site.model_copy(update=sections)
    for remembered in ("team_by_name", "workspace_by_name"):  # look-ups that the copy took over
        found.__dict__.pop(remembered, None)
    return found


def every(queues: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {}
    for queue in queues:
        found |= {queue["name"]: queue, **every(queue.get("queues", []))}
    return found


def test_a_workspace_is_a_leaf_beneath_its_teams(site: Site) -> None:
    assert lineage(site, "risk") == ["bank", "risk"]
    assert queue_name(site, site.workspace_by_name["fraud"]) == "root.bank.risk.fraud"
    queues = every(hierarchy(site))
    assert queues["risk"]["parent"] is True
    assert "parent" not in queues["fraud"]
    assert queues["fraud"]["properties"] == {"application.sort.policy": "fifo"}


def test_a_team_that_nobody_described_is_a_queue_without_bounds(site: Site) -> None:
    queues = every(hierarchy(site))
    assert "resources" not in queues["marketing"]
    assert queues["churn"]["resources"]["max"]["vcore"] == "32000m"


def test_no_queue_may_have_more_than_the_one_above(site: Site) -> None:
    queues = every(hierarchy(site))
    # risk asks for 64 CPUs and 2 GPUs of a bank that has 40 and 1; fraud for 48 and 384Gi of a team that has 256Gi.
    assert queues["risk"]["resources"]["max"] == {"vcore": "40000m", "memory": str(256 * 2**30), "nvidia.com/gpu": "1"}
    assert queues["fraud"]["resources"]["max"] == queues["risk"]["resources"]["max"]
    assert queues["fraud"]["resources"]["guaranteed"] == queues["fraud"]["resources"]["max"]


def test_a_suspended_workspace_is_promised_nothing(site: Site) -> None:
    workspaces = [each.model_copy(update={"suspended": True}) for each in site.workspaces]
    queues = every(hierarchy(changed(site, {"workspaces": workspaces})))
    assert "guaranteed" not in queues["fraud"]["resources"]


def test_a_pod_names_its_queue(site: Site) -> None:
    placed = placement(site, site.workspace_by_name["fraud"], "fraud-user-ada-session")
    assert placed.labels == {
        "yunikorn.apache.org/app-id": "fraud-user-ada-session",
        "yunikorn.apache.org/queue": "root.bank.risk.fraud",
    }
    assert not placed.annotations


def test_a_gang_says_what_it_waits_for(site: Site) -> None:
    groups = [
        TaskGroup(name="driver", members=1, cpu="1", memory="2Gi"),
        TaskGroup(name="worker", members=3, cpu="4", memory="8Gi", gpus=1, node_selector={"a": "b"}),
    ]
    placed = gang(site, site.workspace_by_name["fraud"], "train", "worker", groups)
    described = json.loads(placed.annotations["yunikorn.apache.org/task-groups"])
    assert [(group["name"], group["minMember"]) for group in described] == [("driver", 1), ("worker", 3)]
    assert described[1]["minResource"] == {"cpu": "4", "memory": "8Gi", "nvidia.com/gpu": "1"}
    assert placed.annotations["yunikorn.apache.org/task-group-name"] == "worker"
    assert "gangSchedulingStyle=Hard" in placed.annotations["yunikorn.apache.org/schedulingPolicyParameters"]


def test_under_plain_quotas_pods_carry_nothing() -> None:
    plain = load_site(INVENTORY / "configuration-1")
    workspace = plain.workspace_by_name["fraud"]
    assert placement(plain, workspace, "x").labels == {}
    assert gang(plain, workspace, "x", "a", [TaskGroup(name="a", members=2, cpu="1", memory="1Gi")]).annotations == {}

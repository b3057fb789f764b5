"""Scheduling queues: the team hierarchy as YuniKorn's, and what a pod says to be placed in its workspace's.

    root
      risk                 a team: at most its quota
        fraud              a workspace: guaranteed its quota, and no more
        modelling          a team beneath it, and so on

Under plain quotas (`kubernetes.queues: quotas`) there are no queues: `placement` and `gang` yield nothing, and the ResourceQuotas of the
namespaces alone bound what is requested. They do so under YuniKorn too: a queue only decides who waits.
Names and annotations: https://yunikorn.apache.org/docs/user_guide/gang_scheduling
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.stacks.parts.pod import GPU

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.team import Team, TeamQuota
    from infra_kit.inventory.models.workspaces import Workspace, WorkspaceQuota

DOMAIN = "yunikorn.apache.org/"
PLACEHOLDER_TIMEOUT_S = 300
"""How long a gang's reserved places wait for the rest of it, before they are given back."""

Amounts = dict[str, int]
"""Millicores, bytes and GPUs, by YuniKorn's names of them."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What a pod carries to be scheduled through its queue. Both empty under plain quotas."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGroup:
    """Pods of one kind in a gang.

    Args:
        name: unique in the gang, such as `driver`, `worker`.
        members: how many must have a place before any of them starts.
        cpu: what each requests.
        memory: what each requests.
        gpus: what each requests.
        node_selector: where they may run.
        tolerations: what they stand.
    """

    name: str
    members: int
    cpu: str
    memory: str
    gpus: int = 0
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: Sequence[Mapping[str, Any]] = ()

    def manifest(self) -> dict[str, Any]:
        """The group as YuniKorn reads it."""
        resource = {"cpu": self.cpu, "memory": self.memory, **({GPU: str(self.gpus)} if self.gpus else {})}
        optional = {"nodeSelector": dict(self.node_selector), "tolerations": [dict(each) for each in self.tolerations]}
        return {
            "name": self.name,
            "minMember": self.members,
            "minResource": resource,
            **{key: value for key, value in optional.items() if value},
        }


def queue_name(site: Site, workspace: Workspace) -> str:
    """The workspace's queue: `root.TEAM.SUBTEAM.WORKSPACE`."""
    return ".".join(["root", *(team for team in lineage(site, workspace.team)), workspace.name])


def placement(site: Site, workspace: Workspace, application: str) -> Placement:
    """Labels for the pods of one application (a session, a job, a model), which are scheduled and counted together.

    Args:
        site: the site.
        workspace: whose queue.
        application: unique in the cluster: the pods' workload with its namespace.
    """
    if not _queued(site):
        return Placement()
    return Placement({f"{DOMAIN}app-id": application, f"{DOMAIN}queue": queue_name(site, workspace)})


def gang(site: Site, workspace: Workspace, application: str, group: str, groups: Sequence[TaskGroup]) -> Placement:
    """What pods of a gang carry: none of them starts until there is a place for all.

    Args:
        site: the site.
        workspace: whose queue.
        application: the gang's name, unique in the cluster.
        group: of which group these pods are.
        groups: all groups of the gang.
    """
    placed = placement(site, workspace, application)
    if not placed.labels:
        return placed
    parameters = f"placeholderTimeoutInSeconds={PLACEHOLDER_TIMEOUT_S} gangSchedulingStyle=Hard"
    annotations = {
        f"{DOMAIN}task-group-name": group,
        f"{DOMAIN}task-groups": json.dumps([each.manifest() for each in groups]),
        f"{DOMAIN}schedulingPolicyParameters": parameters,
    }
    return Placement(placed.labels, annotations)


def hierarchy(site: Site) -> list[dict[str, Any]]:
    """The queues beneath the root, as YuniKorn's configuration takes them.

    YuniKorn refuses a child that may have more than its parent, so each has at most the least that any of its ancestors has.
    """
    used = {name for workspace in site.workspaces for name in lineage(site, workspace.team)}
    roots = [team for team in site.teams if team.parent is None]
    unknown = sorted(used - set(site.team_by_name))
    return [_team_queue(site, team, {}) for team in roots] + [_queue(name, {}, {}, _leaves(site, name, {})) for name in unknown]


def lineage(site: Site, name: str) -> list[str]:
    """A team with all that it is part of, outermost first."""
    found: list[str] = []
    current: str | None = name
    while current is not None and current not in found:
        found.insert(0, current)
        team = site.team_by_name.get(current)
        current = team.parent if team else None
    return found


def _queued(site: Site) -> bool:
    return site.kubernetes is not None and site.kubernetes.queues == "yunikorn"


def _team_queue(site: Site, team: Team, above: Amounts) -> dict[str, Any]:
    limit = _least(_amounts(team.quota), above) if team.quota else above
    children = [_team_queue(site, child, limit) for child in site.teams if child.parent == team.name]
    return _queue(team.name, {}, limit, [*children, *_leaves(site, team.name, limit)])


def _leaves(site: Site, team: str, above: Amounts) -> list[dict[str, Any]]:
    found = []
    for workspace in site.workspaces:
        if workspace.team != team:
            continue
        limit = _least(_amounts(workspace.quota), above)
        # What is suspended keeps its queue, for what is still in it, and is promised nothing.
        found.append(_queue(workspace.name, {} if workspace.suspended else limit, limit, None))
    return found


def _queue(name: str, guaranteed: Amounts, limit: Amounts, children: list[dict[str, Any]] | None) -> dict[str, Any]:
    resources = {key: _written(amounts) for key, amounts in (("guaranteed", guaranteed), ("max", limit)) if amounts}
    queue: dict[str, Any] = {"name": name}
    if resources:
        queue["resources"] = resources
    if children is None:
        queue["properties"] = {"application.sort.policy": "fifo"}  # a gang holds places: two half-placed ones would wait for each other
    else:
        queue["parent"] = True
        if children:
            queue["queues"] = children
    return queue


def _amounts(quota: TeamQuota | WorkspaceQuota) -> Amounts:
    return {"vcore": millicores(quota.cpu), "memory": in_bytes(quota.memory), GPU: quota.gpus}


def _least(one: Amounts, other: Amounts) -> Amounts:
    return {key: min(value, other.get(key, value)) for key, value in one.items()}


def _written(amounts: Amounts) -> dict[str, str]:
    """As text, with units: a bare `vcore` would be whole cores, a bare memory bytes."""
    return {key: f"{value}m" if key == "vcore" else str(value) for key, value in amounts.items()}

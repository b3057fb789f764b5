"""Teams: their hierarchy, and what they may use in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.team import Team, TeamQuota
    from infra_kit.inventory.models.workspaces import WorkspaceQuota
    from infra_kit.inventory.rules.index import Index

_TAKEN = ("root", "default")
"""Queues that the scheduler has itself: the top, and that of pods which name none."""


def _amounts(quota: TeamQuota | WorkspaceQuota) -> dict[str, int]:
    return {"cpu": millicores(quota.cpu), "memory": in_bytes(quota.memory), "gpus": quota.gpus}


def _shown(field: str, amount: int) -> str:
    return {"cpu": f"{amount / 1000:g}", "memory": f"{amount / 2**30:g}Gi", "gpus": str(amount)}[field]


def _ancestors(site: Site, team: Team) -> list[Team]:
    """The team's parent, its parent, and so on; a cycle ends where it closes."""
    found: list[Team] = []
    seen = {team.name}
    current = site.team_by_name.get(team.parent or "")
    while current and current.name not in seen:
        found.append(current)
        seen.add(current.name)
        current = site.team_by_name.get(current.parent or "")
    return found


@rule("IK4300")
def parent_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A team is part of a team that does not exist."""
    for team in site.teams:
        if team.parent is not None and team.parent not in site.team_by_name:
            message = f"team {team.name} is part of team `{team.parent}`, which does not exist"
            yield Problem(team, "parent", message, f"known: {', '.join(sorted(site.team_by_name))}")


@rule("IK4301")
def team_within_itself(site: Site, _index: Index) -> Iterator[Problem]:
    """A team is part of itself, by way of others or at once."""
    for team in site.teams:
        above = [*_ancestors(site, team)]
        closing = above[-1] if above else team
        if closing.parent == team.name:
            way = " -> ".join([team.name, *(each.name for each in above), team.name])
            yield Problem(team, "parent", f"team {team.name} is part of itself: {way}", "let one of them hang at the root")


@rule("IK4302")
def quota_above_parent(site: Site, _index: Index) -> Iterator[Problem]:
    """A team may use more than the team that it is part of."""
    for team in site.teams:
        limit = next((each for each in _ancestors(site, team) if each.quota), None)
        if team.quota is None or limit is None or limit.quota is None:
            continue
        have = _amounts(limit.quota)
        for field, amount in _amounts(team.quota).items():
            if amount > have[field]:
                least = _shown(field, have[field])
                message = f"team {team.name} may use {_shown(field, amount)} of `{field}`, team {limit.name} above it {least}"
                yield Problem(team.quota, field, message, "lower it, or raise the other")


@rule("IK4303")
def team_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """Teams are described, and a workspace belongs to none of them."""
    for workspace in site.workspaces if site.teams else []:
        if workspace.team not in site.team_by_name:
            message = f"workspace {workspace.name} belongs to team `{workspace.team}`, which does not exist"
            yield Problem(workspace, "team", message, f"known: {', '.join(sorted(site.team_by_name))}")


@rule("IK4304")
def workspaces_above_team(site: Site, _index: Index) -> Iterator[Problem]:
    """The workspaces of a team, and of the teams beneath it, are promised more than the team may use."""
    for team in site.teams:
        if team.quota is None:
            continue
        beneath = {each.name for each in site.teams if team.name in [above.name for above in _ancestors(site, each)]} | {team.name}
        active = [workspace for workspace in site.workspaces if workspace.team in beneath and not workspace.suspended]
        promised = {field: sum(_amounts(workspace.quota)[field] for workspace in active) for field in _amounts(team.quota)}
        above = [field for field, have in _amounts(team.quota).items() if promised[field] > have]
        if above:
            have = " and ".join(f"{_shown(field, _amounts(team.quota)[field])} of `{field}`" for field in above)
            sums = " and ".join(_shown(field, promised[field]) for field in above)
            names = ", ".join(workspace.name for workspace in active)
            message = f"team {team.name} may use {have}; its workspaces {names} are promised {sums}"
            yield Problem(team.quota, above[0], message, "raise it, lower a workspace's quota, or suspend one")


@rule("IK4305")
def team_name_taken(site: Site, _index: Index) -> Iterator[Problem]:
    """A team has the name of a queue that the scheduler has itself."""
    for team in site.teams:
        if team.name in _TAKEN:
            yield Problem(
                team, "name", f"team `{team.name}` has the name of one of the scheduler's own queues", f"avoid {', '.join(_TAKEN)}"
            )


@rule("IK4306", "warning")
def group_of_two_teams(site: Site, _index: Index) -> Iterator[Problem]:
    """Two teams have one group in the directory: its members are in both."""
    first: dict[str, str] = {}
    for team in site.teams:
        group = team.group or team.name
        if group in first:
            message = f"group `{group}` of team {team.name} is already that of team {first[group]}"
            yield Problem(team, "group" if team.group else "name", message, "give each team a group of its own")
        first.setdefault(group, team.name)


@rule("IK4307")
def workspace_named_like_team(site: Site, _index: Index) -> Iterator[Problem]:
    """A workspace has the name of a team beside it: they would be one queue."""
    beside = {(team.parent, team.name) for team in site.teams if team.parent}
    for workspace in site.workspaces:
        if (workspace.team, workspace.name) in beside:
            message = f"workspace {workspace.name} of team {workspace.team} has the name of a team beneath the same one"
            yield Problem(workspace, "name", message, "rename one of the two")

"""`infra-kit workspace add`: one more workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra_kit.cli.options import EndpointsOption, SiteArgument, YesOption  # noqa: TC001  typer reads annotations at run time
from infra_kit.cli.workspace.options import NameArgument, NoApplyOption  # noqa: TC001  likewise
from infra_kit.inventory.errors import UsageError

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site


def add(
    site: SiteArgument,
    name: NameArgument,
    team: Annotated[str, typer.Option("--team", metavar="TEAM", help="The team that owns it; optional where the site has one.")] = "",
    user: Annotated[list[str] | None, typer.Option("--user", metavar="USER", help="A contributor; repeatable.")] = None,
    admin: Annotated[list[str] | None, typer.Option("--admin", metavar="USER", help="A user who sees everybody's sessions.")] = None,
    viewer: Annotated[list[str] | None, typer.Option("--viewer", metavar="USER", help="Who looks and starts nothing; repeatable.")] = None,
    cpu: Annotated[str, typer.Option("--cpu", metavar="QUANTITY", help="What all of it may request together.")] = "16",
    memory: Annotated[str, typer.Option("--memory", metavar="QUANTITY", help="Likewise.")] = "128Gi",
    gpus: Annotated[int, typer.Option("--gpus", metavar="N", min=0, help="Likewise.")] = 0,
    storage: Annotated[str, typer.Option("--storage", metavar="QUANTITY", help="Likewise.")] = "500Gi",
    mail: Annotated[str, typer.Option("--mail", metavar="ADDRESS", help="Who hears of failed jobs and backups.", show_default=False)] = "",
    yes: YesOption = False,
    no_apply: NoApplyOption = False,
    endpoints: EndpointsOption = None,
) -> int:
    """Add a workspace to the inventory and put it on the cluster.

    The changed inventory is checked before it is written; comments stay. Then that workspace alone is planned and applied. Where
    nothing is sent in the end, the inventory is as it was.

    Exit codes: as those of `apply`; 64 it exists already, 65 the inventory would have errors (nothing is written).
    """
    from infra_kit.cli.dialogue import require_consent
    from infra_kit.cli.workspace.change import Wish, carry_out
    from infra_kit.cli.workspace.opening import opened

    if not no_apply:
        require_consent(yes=yes)
    loaded = opened(site, endpoints, no_apply=no_apply)
    if name in loaded.workspace_by_name:
        raise UsageError(f"the site has a workspace {name} already", remedy="edit its entry in the inventory, then `infra-kit apply`")
    users = list(dict.fromkeys([*(user or ()), *(admin or ())]))
    entry: dict[str, Any] = {
        "name": name,
        "team": team or _only_team(loaded),
        "quota": {"cpu": cpu, "memory": memory, "gpus": gpus, "storage": storage},
        "users": users,
        "admins": admin or [],
        "viewers": viewer or [],
        "mail": mail,
    }
    given = {key: value for key, value in entry.items() if value not in ("", [])}
    return carry_out(loaded, Wish(name, lambda items: items.added(given)), yes=yes, no_apply=no_apply, endpoints=endpoints)


def _only_team(site: Site) -> str:
    if len(site.teams) != 1:
        names = ", ".join(team.name for team in site.teams) or "none yet: describe one under `teams:`"
        raise UsageError("which team owns the workspace?", remedy=f"--team, one of: {names}")
    return site.teams[0].name

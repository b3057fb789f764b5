"""`infra-kit workspace suspend` and `resume`: nothing of it runs, everything of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.cli.options import EndpointsOption, SiteArgument, YesOption  # noqa: TC001  typer reads annotations at run time
from infra_kit.cli.workspace.options import NameArgument, NoApplyOption, known

if TYPE_CHECKING:
    from pathlib import Path


def suspend(
    site: SiteArgument, name: NameArgument, yes: YesOption = False, no_apply: NoApplyOption = False, endpoints: EndpointsOption = None
) -> int:
    """End what runs in a workspace; its data, users and settings stay.

    Exit codes: as those of `apply`; 64 no such workspace.
    """
    return _set(site, name, suspended=True, yes=yes, no_apply=no_apply, endpoints=endpoints)


def resume(
    site: SiteArgument, name: NameArgument, yes: YesOption = False, no_apply: NoApplyOption = False, endpoints: EndpointsOption = None
) -> int:
    """Let a suspended workspace run again.

    Exit codes: as those of `apply`; 64 no such workspace.
    """
    return _set(site, name, suspended=False, yes=yes, no_apply=no_apply, endpoints=endpoints)


def _set(target: Path, name: str, *, suspended: bool, yes: bool, no_apply: bool, endpoints: Path | None) -> int:
    from infra_kit.cli.dialogue import require_consent
    from infra_kit.cli.workspace.change import Wish, carry_out
    from infra_kit.cli.workspace.opening import opened

    if not no_apply:
        require_consent(yes=yes)
    site = opened(target, endpoints, no_apply=no_apply)
    known(site, name)
    wish = Wish(name, lambda items: items.with_flag(name, "suspended", value=suspended, behind="team"))
    return carry_out(site, wish, yes=yes, no_apply=no_apply, endpoints=endpoints)

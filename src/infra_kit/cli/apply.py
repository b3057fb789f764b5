"""`infra-kit apply`: make the devices what the inventory says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra_kit.cli.options import (
    BreakLockOption,
    EndpointsOption,
    ForceOption,
    FullOption,
    LayerOption,
    TargetOption,
    WorkspaceOption,
    YesOption,
    selection,
)
from infra_kit.inventory.errors import UsageError

if TYPE_CHECKING:
    from infra_kit.plan.planfile import PlanDocument


def apply(
    target_: Annotated[Path, typer.Argument(metavar="SITE|PLANFILE", help="A site, or a plan file of `plan --out`.", show_default=False)],
    yes: YesOption = False,
    layer: LayerOption = None,
    target: TargetOption = None,
    workspace: WorkspaceOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the last unfinished run (of that --workspace): same targets, same consents.")
    ] = False,
    allow_reboot: Annotated[bool, typer.Option("--allow-reboot", help="Reset servers where a change needs it; else it is staged.")] = False,
    allow_wipe: Annotated[
        list[str] | None, typer.Option("--allow-wipe", metavar="ID", help="This resource may lose its data; repeatable.")
    ] = None,
    take: Annotated[
        list[str] | None,
        typer.Option("--take", metavar="ID-GLOB", help="Take fields of these resources from whoever else holds them; repeatable."),
    ] = None,
    force: ForceOption = False,
    break_lock: BreakLockOption = False,
    endpoints: EndpointsOption = None,
    full: FullOption = False,
) -> int:
    """Change the devices to what the inventory says.

    Exit codes: 0 fine, 1 nothing could be done, 3 the plan file is stale, 4 locked by another run, 5 partly applied
    (`--resume` goes on), 64 wrong usage, 65 the inventory has errors, 130 interrupted before anything was changed.
    """
    from infra_kit.cli.dialogue import carry_out, require_consent
    from infra_kit.cli.reach import open_site
    from infra_kit.plan.request import Request

    if resume and (layer or target):
        raise UsageError("--resume goes on with the targets of the unfinished run", remedy="leave out --layer and --target")
    chosen = selection(layer, target, workspace=workspace)
    require_consent(yes=yes)
    plan_file = _plan_file(target_)
    if plan_file is not None and workspace:
        raise UsageError("a plan file does not say what belongs to which workspace", remedy="leave out --workspace, or use --target")
    loaded, access = open_site(plan_file.site.folder if plan_file else target_, endpoints, quiet=False)
    request = Request(
        selection=chosen,
        allow_reboot=allow_reboot,
        allow_wipe=frozenset(allow_wipe or ()),
        take=tuple(take or ()),
        force=force,
        resume=resume,
        break_lock=break_lock,
        plan_file=plan_file,
        full=full,
    )
    return carry_out(loaded, access, request, yes=yes)


def _plan_file(target: Path) -> PlanDocument | None:
    from infra_kit.plan import planfile

    if target.is_dir() or target.suffix in {".yaml", ".yml"}:
        return None
    if not target.exists():
        raise UsageError(
            f"neither a site nor a plan file: {target}", remedy="name a site's folder, or a file of `infra-kit plan SITE --out FILE`"
        )
    plan = planfile.read(target)
    if not plan.site.folder.is_dir():
        raise UsageError(
            f"the plan's site is not there any more: {plan.site.folder}", where=str(target), remedy="make the plan again on this machine"
        )
    return plan

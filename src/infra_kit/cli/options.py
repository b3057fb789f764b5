"""The options that the device commands share, once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra_kit.inventory.errors import UsageError
from infra_kit.layers import NAMES

if TYPE_CHECKING:
    from infra_kit.plan.selection import Selection


class Format(StrEnum):
    """How a result is shown."""

    TEXT = "text"
    JSON = "json"


SiteArgument = Annotated[Path, typer.Argument(metavar="SITE", help="The site's folder, or its site.yaml.", show_default=False)]
LayerOption = Annotated[
    list[str] | None, typer.Option("--layer", metavar="LAYER", help=f"Only this layer ({', '.join(NAMES)}); repeatable.")
]
TargetOption = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="ID-GLOB", help="Only resources whose id matches, such as 'fabric/*/leaf01?'; repeatable."),
]
WorkspaceOption = Annotated[list[str] | None, typer.Option("--workspace", metavar="NAME", help="Only this workspace; repeatable.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How the result is shown.")]
EndpointsOption = Annotated[
    Path | None,
    typer.Option("--endpoints", metavar="FILE", help="An endpoints overlay: where devices are really reached.", show_default=False),
]
DetailedOption = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 when something differs or could not be read.")]
FullOption = Annotated[bool, typer.Option("--full", help="Check everything, also hosts on which a cheap look finds nothing moved.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
BreakLockOption = Annotated[bool, typer.Option("--break-lock", help="Take the lock from a run that is no longer alive.")]

ForceOption = Annotated[bool, typer.Option("--force", help="What others put into something that goes, such as a namespace, goes with it.")]


def selection(
    layer: list[str] | None, target: list[str] | None, ignore: list[str] | None = None, workspace: list[str] | None = None
) -> Selection:
    """The selection that the options ask for.

    Raises:
        UsageError: no such layer, or none of a workspace's.
    """
    from infra_kit.plan.scope import WITH_WORKSPACES
    from infra_kit.plan.selection import Selection

    for name in layer or []:
        if name not in NAMES:
            raise UsageError(f"no layer is called {name}", remedy=f"one of {', '.join(NAMES)}")
    if workspace and layer and not WITH_WORKSPACES & set(layer):
        raise UsageError(f"layer {layer[0]} has nothing of a workspace", remedy=f"these do: {', '.join(sorted(WITH_WORKSPACES))}")
    return Selection(tuple(layer or ()), tuple(target or ()), tuple(ignore or ()), None, tuple(workspace or ()))

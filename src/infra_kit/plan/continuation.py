"""How what a run left is finished: the command line that does it."""

from __future__ import annotations

from shlex import join
from typing import TYPE_CHECKING

from infra_kit.plan.scope import WHOLE, workspaces

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infra_kit.plan.request import Command
    from infra_kit.plan.selection import Selection


def command_line(
    command: Command | str, selection: Selection, site: Path | str, *, scopes: Sequence[str] = WHOLE, break_lock: bool = False
) -> str:
    """What finishes a run: of an `apply` its resumption; a `destroy` is repeated, for resuming would create anew what it removed.

    Args:
        command: the run's.
        selection: the run's.
        site: the site's folder.
        scopes: what the run locked: a run of some workspaces alone is resumed by their names.
        break_lock: the run is dead and still holds the lock, which a resumption inherits and a repetition does not.
    """
    if command == "apply":
        return join(["infra-kit", "apply", str(site), "--resume", *_named(workspaces(scopes))])
    targets = [word for glob in selection.targets for word in ("--target", glob)]
    named = _named(selection.workspaces)
    return join(["infra-kit", "destroy", str(site), *targets, *named, *(["--break-lock"] if break_lock else [])])


def _named(names: Sequence[str]) -> list[str]:
    return [word for name in names for word in ("--workspace", name)]

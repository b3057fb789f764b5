"""How what a run left is finished: the command line that does it."""

from __future__ import annotations

from shlex import join
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.plan.request import Command
    from infra_kit.plan.selection import Selection


def command_line(command: Command | str, selection: Selection, site: Path | str, *, break_lock: bool = False) -> str:
    """What finishes a run: of an `apply` its resumption; a `destroy` is repeated, for resuming would create anew what it removed.

    Args:
        command: the run's.
        selection: the run's.
        site: the site's folder.
        break_lock: the run is dead and still holds the lock, which a resumption inherits and a repetition does not.
    """
    if command == "apply":
        return join(["infra-kit", "apply", str(site), "--resume"])
    targets = [word for glob in selection.targets for word in ("--target", glob)]
    return join(["infra-kit", "destroy", str(site), *targets, *(["--break-lock"] if break_lock else [])])

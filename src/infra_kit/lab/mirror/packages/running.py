"""Running the package tools of this machine, with their words where they fail."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Sequence

_LAST_LINES = 12
_LIMIT_S = 1200


def run(command: Sequence[str], *, environment: dict[str, str] | None = None, package: str = "") -> str:
    """Run a program.

    Args:
        command: program and arguments.
        environment: further variables.
        package: the Debian package that has the program, for the remedy where it is missing.

    Returns:
        What it wrote to its standard output.

    Raises:
        LabError: it is not there, or failed; with its last lines.
    """
    program = shutil.which(command[0])
    if program is None:
        raise LabError(f"the lab's package mirror needs {command[0]}, which is not on this machine", remedy=f"apt-get install {package}")
    done = subprocess.run(  # noqa: S603  the table's packages
        [program, *command[1:]],
        env=os.environ | {"LC_ALL": "C.UTF-8"} | (environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_LIMIT_S,
        check=False,
    )
    if done.returncode != 0:
        words = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines()[-_LAST_LINES:])
        raise LabError(f"`{' '.join(command)[:120]}` failed:\n{words}", remedy="see what it says")
    return done.stdout

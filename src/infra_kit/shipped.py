"""Where the folders that ship with infra-kit are: beside the checkout's src/, or inside the installed wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Folder = Literal["templates", "playbooks", "stacks", "inventory", "tools"]


def folder(name: Folder) -> Path:
    """The folder of that name.

    Raises:
        FileNotFoundError: the installation is damaged.
    """
    package = Path(__file__).parent
    for candidate in (package / "_shipped" / name, package.parents[1] / name):
        if candidate.is_dir():
            return candidate
    msg = f"infra-kit's own folder `{name}` is missing from the installation; install infra-kit again"
    raise FileNotFoundError(msg)

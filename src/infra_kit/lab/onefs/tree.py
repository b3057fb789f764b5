"""The array's directories as real ones on this machine, for clients that mount its exports."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Tree:
    """Directories below /ifs, beneath a folder of the lab.

    The emulator says which directories there are, and whose; what clients have written into them is in the folder alone.

    Args:
        root: the folder that holds `ifs`.
    """

    def __init__(self, root: Path) -> None:
        """Nothing is made yet."""
        self._root = root
        self._shown: dict[str, dict[str, Any]] = {}

    def show(self, directories: Mapping[str, Mapping[str, Any]]) -> None:
        """Have these directories, with these modes, owners and groups, and of those shown before no others.

        Args:
            directories: `mode` (octal digits), `owner` (`UID:n`) and `group` (`GID:n`) by path, which begins with /ifs.
        """
        for path in sorted(set(self._shown) - set(directories), reverse=True):
            shutil.rmtree(self._place(path), ignore_errors=True)
            del self._shown[path]
        for path in sorted(directories):
            wanted = dict(directories[path])
            if self._shown.get(path) == wanted:
                continue
            place = self._place(path)
            place.mkdir(parents=True, exist_ok=True)
            os.chown(place, _number(wanted["owner"]), _number(wanted["group"]))
            place.chmod(int(wanted["mode"], 8))  # after its owner, which would take the group's bit away
            self._shown[path] = wanted

    def children(self, path: str) -> set[str]:
        """Names of what is in a directory, files too."""
        place = self._place(path)
        return {each.name for each in place.iterdir()} if place.is_dir() else set()

    def _place(self, path: str) -> Path:
        return self._root / path.lstrip("/")


def _number(identity: str) -> int:
    return int(identity.partition(":")[2])

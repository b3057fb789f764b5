"""An emulated device's memory: one JSON file, replaced as a whole at every change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra_kit.lab.private_file import write_private


class Memory:
    """Loads what an earlier run of the device left, and saves.

    Args:
        file: where it is kept.
    """

    def __init__(self, file: Path) -> None:
        """Nothing is read yet."""
        self._file = file

    def load(self) -> dict[str, Any] | None:
        """What was saved last, or None for a device fresh from the factory."""
        if not self._file.exists():
            return None
        state: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Replace the file in one step, so that a kill leaves the old state or the new one."""
        write_private(self._file, json.dumps(state))

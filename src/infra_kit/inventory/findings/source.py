"""Lines of the files that findings point into."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class SourceLines:
    """Reads each file once. What cannot be read, or holds no such line, has no line to show."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._lines: dict[Path, list[str]] = {}

    def line(self, path: Path, number: int) -> str | None:
        """The line, counted from 1, without what a terminal would obey: tabs and control characters become spaces."""
        lines = self._lines.get(path)
        if lines is None:
            lines = self._lines[path] = _read(path)
        if not 1 <= number <= len(lines):
            return None
        return "".join(" " if unicodedata.category(letter).startswith("C") else letter for letter in lines[number - 1])


def _read(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace").split("\n")
    except OSError:
        return []

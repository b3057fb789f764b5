"""Which versions of which resource a OneFS release answers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"


@cache
def table(name: str) -> dict[str, Any]:
    """One of the emulator's data files."""
    document: dict[str, Any] = yaml.load((DATA / name).read_bytes(), Loader=yaml.CSafeLoader)
    return document


def release(text: str) -> tuple[int, ...]:
    """`9.10` as something that sorts behind `9.9`."""
    return tuple(int(part) for part in text.split(".")[:2])


class Versions:
    """The versions of one release.

    Args:
        onefs: the release, such as 9.5 or 9.5.0.7.

    Raises:
        ValueError: a release that the table does not know.
    """

    def __init__(self, onefs: str) -> None:
        """Look the release up."""
        known = table("versions.yaml")
        self.release = release(onefs)
        newest = {release(each): number for each, number in known["api"].items()}
        if self.release not in newest:
            msg = f"no emulation of OneFS {onefs}; known: {', '.join(known['api'])}"
            raise ValueError(msg)
        self.newest: int = newest[self.release]
        self._steps: dict[str, dict[str, int]] = known["resources"]

    def answers(self, resource: str, version: int) -> bool:
        """Whether this release answers that version of the resource (a path of the table)."""
        return version in {number for since, number in self._steps[resource].items() if release(since) <= self.release}

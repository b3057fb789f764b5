"""The programs of the control plane: where they are on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import yaml

from infra_kit.inventory.errors import LabError
from infra_kit.inventory.models.base import Noun

TABLE = Path(__file__).with_name("data") / "binaries.yaml"
_ASK_S = 20
_VERSION = re.compile(r"v?(\d+\.\d+\.\d+[-+\w.]*)")


class Binary(Noun):
    """One program: its version and how it is had."""

    name: str
    version: str
    package: str
    stamps: dict[str, str]
    asks: list[str]
    release: str
    member: str = ""
    sha256: dict[str, str]

    @property
    def cached(self) -> Path:
        """Where it is kept in the user's cache."""
        return cache_folder() / f"{self.name}-{self.version}" / self.name


def cache_folder() -> Path:
    """The user's cache of programs (XDG base directory specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "infra-kit" / "binaries"


@cache
def table(file: Path = TABLE) -> tuple[Binary, ...]:
    """The programs that the control plane is made of."""
    document = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    return tuple(Binary.model_validate(entry) for entry in document["binaries"])


def locate(binary: Binary) -> Path | None:
    """Where a program is in the wanted version: in the cache, or on PATH."""
    if os.access(binary.cached, os.X_OK):
        return binary.cached
    found = shutil.which(binary.name)
    return Path(found) if found and version_of(Path(found), binary) == binary.version else None


def locate_all() -> dict[str, Path]:
    """Name -> file of every program.

    Raises:
        LabError: one is not there.
    """
    found = {binary.name: locate(binary) for binary in table()}
    missing = [name for name, place in found.items() if place is None]
    if missing:
        raise LabError(f"the control plane's programs are not on this machine: {', '.join(missing)}")
    return {name: place for name, place in found.items() if place is not None}


def version_of(program: Path, binary: Binary) -> str | None:
    """What a program says its version is, or None where it says none."""
    try:
        answer = subprocess.run(  # noqa: S603  a program on PATH, with the table's arguments
            [str(program), *binary.asks], capture_output=True, text=True, timeout=_ASK_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = _VERSION.search(answer.stdout + answer.stderr)
    return f"v{said[1]}" if said else None

"""The programs of the control plane: which there are, and where they are on this machine."""

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
    """The programs that the control plane is made of.

    Args:
        file: the data file that says them.
    """
    document = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    return tuple(Binary.model_validate(entry) for entry in document["binaries"])


def locate(binary: Binary) -> Path | None:
    """Where a program is in the wanted version: on PATH, else in the cache; None where it is in neither."""
    on_path = shutil.which(binary.name)
    if on_path is not None and version_of(Path(on_path), *binary.asks) == binary.version:
        return Path(on_path)
    return binary.cached if os.access(binary.cached, os.X_OK) else None


def not_used(binary: Binary) -> str:
    """A sentence about the program of that name on PATH that is another version; empty where there is none."""
    on_path = shutil.which(binary.name)
    version = None if on_path is None else version_of(Path(on_path), *binary.asks)
    if on_path is None or version == binary.version:
        return ""
    return f"{on_path} is {version or 'of a version that it does not tell'}, not {binary.version}: not used"


def locate_all(programs: tuple[Binary, ...] | None = None) -> dict[str, Path]:
    """Name -> file of every program.

    Args:
        programs: which; none: all of the table.

    Raises:
        LabError: one is not on this machine.
    """
    found = {binary.name: locate(binary) for binary in programs or table()}
    missing = [name for name, place in found.items() if place is None]
    if missing:
        raise LabError(
            f"programs of the Kubernetes control plane are not on this machine: {', '.join(missing)}",
            remedy="`python -m infra_kit.lab.control_plane` gets them; `--without kubernetes` leaves the control plane out",
        )
    return {name: place for name, place in found.items() if place is not None}


@cache
def version_of(program: Path, *asks: str) -> str | None:
    """What a program says its version is, with a leading v; None where it says none.

    Args:
        program: its file.
        asks: arguments that make it say so.
    """
    try:
        answer = subprocess.run([str(program), *asks], capture_output=True, text=True, timeout=_ASK_S, check=False)  # noqa: S603  the table's
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = _VERSION.search(answer.stdout + answer.stderr)
    return f"v{said[1]}" if said else None

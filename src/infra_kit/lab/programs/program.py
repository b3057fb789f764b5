"""The programs of the lab: which there are, and where they are on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from infra_kit.inventory.errors import LabError
from infra_kit.inventory.models.base import Noun
from infra_kit.lab import cache as lab_cache

TABLE = Path(__file__).with_name("data") / "programs.yaml"
_ASK_S = 20
_VERSION = re.compile(r"v?(\d+\.\d+\.\d+[-+\w.]*)")

Purpose = Literal["control_plane", "node", "image"]
"""What programs are for: the control plane with kwok nodes, real nodes, or images of the platform alone."""

_PLACES: dict[Purpose, tuple[str, str]] = {
    "control_plane": ("the Kubernetes control plane", "`python -m infra_kit.lab.control_plane` gets them; `--without kubernetes`"),
    "node": ("Kubernetes nodes", "`python -m infra_kit.lab.programs node` gets them; `--without hosts`"),
    "image": ("images", "`python -m infra_kit.lab.programs image` gets them; `--without hosts`"),
}


class Program(Noun):
    """One program: its version and how it is had."""

    name: str
    version: str
    purposes: list[Purpose]
    package: str
    module: str = ""
    stamps: dict[str, str] = {}
    asks: list[str]
    release: str = ""
    member: str = ""
    sha256: dict[str, str] = {}
    drill_of: str = ""
    """The version whose source it really is, where it only says that it is another one."""

    @property
    def cached(self) -> Path:
        """Where it is kept in the user's cache."""
        edition = f"-drill-of-{self.drill_of}" if self.drill_of else ""
        return cache_folder() / f"{self.name}-{self.version}{edition}" / self.name

    @property
    def is_ours(self) -> bool:
        """Whether its source ships with infra-kit: nobody else publishes it."""
        return not self.release

    @property
    def is_kubernetes(self) -> bool:
        """Whether it is made from the Kubernetes source, and so has Kubernetes' version."""
        return self.package.startswith("k8s.io/kubernetes/")


class OtherVersion(Noun):
    """Another version of Kubernetes that upgrades are tried with."""

    version: str
    drill_of: str = ""
    module: str = ""


class _Document(Noun):
    """The whole data file."""

    programs: list[Program]
    other_versions: list[OtherVersion] = []


def cache_folder() -> Path:
    """The user's cache of programs."""
    return lab_cache.cache_folder("binaries")


@cache
def _document(file: Path) -> _Document:
    return _Document.model_validate(yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader))


def table(purpose: Purpose = "control_plane", *, kubernetes: str = "", file: Path = TABLE) -> tuple[Program, ...]:
    """The programs for a purpose.

    Args:
        purpose: what they are for.
        kubernetes: the version of Kubernetes, such as `v1.36.2`; empty: the table's own.
        file: the data file that says them.

    Raises:
        LabError: there is no such version of Kubernetes in the table.
    """
    chosen = (program for program in _document(file).programs if purpose in program.purposes)
    return tuple(_filled(_in_version(program, kubernetes, file) if program.is_kubernetes else program) for program in chosen)


def kubernetes_versions(file: Path = TABLE) -> list[str]:
    """Every version of Kubernetes that the table has, its own first."""
    document = _document(file)
    own = [program.version for program in document.programs if program.is_kubernetes]
    return [*dict.fromkeys(own), *(other.version for other in document.other_versions)]


def _in_version(program: Program, version: str, file: Path) -> Program:
    if version in {"", program.version}:
        return program
    other = next((other for other in _document(file).other_versions if other.version == version), None)
    if other is None:
        raise LabError(
            f"there is no Kubernetes {version} in the lab's table of programs",
            remedy=f"it has {', '.join(kubernetes_versions(file))}; another one needs a module beneath tools/ and a line in {file.name}",
        )
    # The checksums are those of the table's own version.
    return program.model_copy(update={**other.model_dump(), "sha256": {}})


def _filled(program: Program) -> Program:
    """With the version in its stamps."""
    major, minor, *_ = [*program.version.removeprefix("v").split("."), ""]
    values = {"version": program.version, "major": major, "minor": minor}
    return program.model_copy(update={"stamps": {name: value.format(**values) for name, value in program.stamps.items()}})


def locate(program: Program) -> Path | None:
    """Where a program is in the wanted version: on PATH, else in the cache; None where it is in neither."""
    on_path = _on_path(program)
    if on_path is not None and version_of(on_path, *program.asks) == program.version:
        return on_path
    return program.cached if os.access(program.cached, os.X_OK) else None


def _on_path(program: Program) -> Path | None:
    found = None if program.is_ours or program.drill_of else shutil.which(program.name)
    return None if found is None else Path(found)


def not_used(program: Program) -> str:
    """A sentence about the program of that name on PATH that is another version; empty where there is none."""
    on_path = _on_path(program)
    version = None if on_path is None else version_of(on_path, *program.asks)
    if on_path is None or version == program.version:
        return ""
    return f"{on_path} is {version or 'of a version that it does not tell'}, not {program.version}: not used"


def locate_all(programs: tuple[Program, ...] | None = None, *, purpose: Purpose = "control_plane") -> dict[str, Path]:
    """Name -> file of every program.

    Args:
        programs: which; none: all that are for the purpose.
        purpose: what they are for.

    Raises:
        LabError: one is not on this machine.
    """
    found = {program.name: locate(program) for program in (table(purpose) if programs is None else programs)}
    missing = [name for name, place in found.items() if place is None]
    if missing:
        raise LabError(
            f"programs of {whose(purpose)} are not on this machine: {', '.join(missing)}",
            remedy=f"{_PLACES[purpose][1]} leaves them out",
        )
    return {name: place for name, place in found.items() if place is not None}


def whose(purpose: Purpose) -> str:
    """What the programs for a purpose belong to, for a sentence."""
    return _PLACES[purpose][0]


def leave_out(purpose: Purpose) -> str:
    """The option of `lab up` that does without them, for a sentence."""
    return _PLACES[purpose][1].partition("; ")[2]


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

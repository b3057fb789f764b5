"""What this machine has of the programs and libraries that infra-kit's commands use."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import yaml

TABLE = Path(__file__).with_name("tools.yaml")
_TIMEOUT_S = 20
_VERSION = re.compile(r"\d+(?:\.\d+)+")

State = Literal["found", "too old", "broken", "missing", "note"]
"""`note`: nothing of this machine, but worth knowing."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One program or library: what it is for, whether it is there, and how to get it."""

    name: str
    purpose: str
    state: State
    version: str
    place: str
    required: bool
    get: str

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)

    @property
    def is_fatal(self) -> bool:
        """Whether infra-kit cannot do its core work like this."""
        return self.required and self.state != "found"


def diagnose(table: Path = TABLE) -> list[Diagnosis]:
    """Look for everything in the table, in its order.

    Args:
        table: the data file that says what to look for.
    """
    document: dict[str, list[dict[str, Any]]] = yaml.load(table.read_bytes(), Loader=yaml.CSafeLoader)
    return [_program(entry) for entry in document["tools"]] + [_library(entry) for entry in document["libraries"]]


def _program(entry: dict[str, Any]) -> Diagnosis:
    command: list[str] = entry["command"]
    place = _find(command[0])
    if place is None:
        return _diagnosis(entry, "missing")
    try:
        answer = subprocess.run([place, *command[1:]], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603  commands of the table
    except (OSError, subprocess.TimeoutExpired):
        return _diagnosis(entry, "broken", place=place)
    version = _VERSION.search(answer.stdout + answer.stderr)
    if answer.returncode != 0 or version is None:
        return _diagnosis(entry, "broken", place=place)
    is_old = "least" in entry and _numbers(version[0]) < _numbers(entry["least"])
    return _diagnosis(entry, "too old" if is_old else "found", version=version[0], place=place)


def _find(program: str) -> str | None:
    """The program: infra-kit's own interpreter, one beside it, one on PATH, or one of root's, who may have other places on it."""
    if program == "python3":
        return sys.executable
    beside = str(Path(sys.executable).parent)
    return shutil.which(program, path=os.pathsep.join([beside, os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))


def _library(entry: dict[str, Any]) -> Diagnosis:
    try:
        return _diagnosis(entry, "found", version=metadata.version(entry["name"]))
    except metadata.PackageNotFoundError:
        return _diagnosis(entry, "missing")


def _diagnosis(entry: dict[str, Any], state: State, *, version: str = "", place: str = "") -> Diagnosis:
    return Diagnosis(entry["name"], entry["purpose"], state, version, place, bool(entry.get("required", False)), entry["get"])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))

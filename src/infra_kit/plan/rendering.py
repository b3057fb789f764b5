"""What the layers render, on disk: written, or compared with what is there."""

from __future__ import annotations

import difflib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.resource import Layer

MANIFEST = ".rendered"
"""Lists the files that `render` wrote into a folder, so that it removes its own and nobody else's."""


def rendered(site: Site, layers: Iterable[Layer]) -> dict[str, str]:
    """Every file of every layer: path relative to the output folder -> text.

    Raises:
        ValueError: two layers claim one path, or a path leaves the folder (a defect of a layer).
    """
    files: dict[str, str] = {}
    for layer in layers:
        for name, text in layer.render(site).items():
            path = PurePosixPath(name)
            if name in files or path.is_absolute() or ".." in path.parts:
                raise ValueError(f"layer {layer.name} renders {name}, which is taken or outside the folder")
            files[name] = text
    return files


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files, and remove those that an earlier call wrote and the site no longer renders.

    Raises:
        StateError: the folder cannot be written.
    """
    try:
        for name in _written_before(folder):
            if name not in files:
                (folder / name).unlink(missing_ok=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (folder / MANIFEST).write_text("".join(f"{name}\n" for name in sorted(files)), encoding="utf-8")
    except OSError as error:
        raise StateError(f"cannot be written: {error.strerror}", where=str(error.filename or folder)) from error


def compare(folder: Path, files: Mapping[str, str]) -> list[str]:
    """A unified diff for each file that differs, is missing, or is there and should not be.

    Args:
        folder: what an earlier `write` made.
        files: what the site renders now.

    Raises:
        StateError: the folder is not there or cannot be read.
    """
    if not folder.is_dir():
        raise StateError("there is no such folder", where=str(folder), remedy="run the same command without --check first")
    try:
        present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
        found = {name: (folder / name).read_text(encoding="utf-8", errors="replace") for name in present}
    except OSError as error:
        raise StateError(f"cannot be read: {error.strerror}", where=str(error.filename or folder)) from error
    names = sorted(present | set(files))
    return [diff for name in names if (diff := _diff(folder, name, found.get(name), files.get(name)))]


def _diff(folder: Path, name: str, before: str | None, after: str | None) -> str:
    if before == after:
        return ""
    path = folder / name
    lines = difflib.unified_diff(
        (before or "").splitlines(),
        (after or "").splitlines(),
        str(path) if before is not None else "/dev/null",
        str(path) if after is not None else "/dev/null",
        lineterm="",
    )
    # Texts that differ only in how their last line ends have no line to show.
    return "\n".join(lines) or f"--- {path}\n+++ {path}\n(line endings differ, or one of the two is empty)"


def _written_before(folder: Path) -> list[str]:
    manifest = folder / MANIFEST
    if not manifest.exists():
        return []
    names = manifest.read_text(encoding="utf-8").splitlines()
    return [name for name in names if name and not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts]

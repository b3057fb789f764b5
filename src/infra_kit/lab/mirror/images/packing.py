"""A directory as an image layer: a plain tar, with what an overlay mount removed written as the image specification says."""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEFT_OUT = ("dev", "proc", "run", "sys", "tmp", "var/cache", "var/lib/apt/lists", "var/log", "var/tmp")
"""Directories whose content is no part of an image: the runtime's own, caches and logs."""

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_OPAQUE_MARKS = ("trusted.overlay.opaque", "user.overlay.opaque")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Packed:
    """A layer's tar: its digest (`sha256:...`) and its size in bytes."""

    digest: str
    size: int


def pack(tree: Path, target: Path) -> Packed:
    """Write a tree as a layer. The same tree gives the same bytes.

    Args:
        tree: the directory; an overlay's upper directory may be one.
        target: the tar file to write.
    """
    with target.open("wb") as output, tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in _walk(tree):
            _add(archive, tree, path)
    digest = hashlib.sha256()
    with target.open("rb") as written:
        while chunk := written.read(_CHUNK):
            digest.update(chunk)
    return Packed(f"sha256:{digest.hexdigest()}", target.stat().st_size)


def _walk(tree: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(tree):
        here = tree / os.path.relpath(folder, tree)
        relative = os.path.relpath(folder, tree)
        if relative in LEFT_OUT:
            folders.clear()
            continue
        folders.sort()
        yield from (here / name for name in sorted([*folders, *files]))


def _add(archive: tarfile.TarFile, tree: Path, path: Path) -> None:
    name = str(path.relative_to(tree))
    status = path.lstat()
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:  # how an overlay mount marks what was removed
        parent, _, last = name.rpartition("/")
        _add_mark(archive, f"{parent}/{_WHITEOUT}{last}" if parent else f"{_WHITEOUT}{last}")
        return
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)):
        return  # sockets, pipes and devices: the runtime makes those that a container has
    member = archive.gettarinfo(str(path), arcname=name)
    member.uname = member.gname = ""
    member.mtime = int(member.mtime)
    if member.isreg():
        with path.open("rb") as content:
            archive.addfile(member, content)
        return
    archive.addfile(member)
    if member.isdir() and _is_opaque(path):
        _add_mark(archive, f"{name}/{_OPAQUE}")


def _add_mark(archive: tarfile.TarFile, name: str) -> None:
    archive.addfile(tarfile.TarInfo(name))


def _is_opaque(path: Path) -> bool:
    for mark in _OPAQUE_MARKS:
        try:
            if os.getxattr(path, mark) == b"y":
                return True
        except OSError:
            continue
    return False

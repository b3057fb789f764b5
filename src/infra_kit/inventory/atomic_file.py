"""Writing a file as a whole or not at all, and nothing but a file: devices and pipes are written through, links are followed."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

_STANDARD = (1, 2)
"""Standard output and standard error."""


def write_whole(path: Path, content: str | bytes, *, mode: int, durable: bool = True) -> None:
    """Put `content` in the place of what a path names: whoever looks finds the old file or the new one, never half.

    A link stays a link, what it leads to is replaced. What is no regular file (a pipe, a terminal, a device node) is never
    replaced, nor is the file that our own output goes to: they are written to as they are.

    Args:
        path: where; its folder must be there.
        content: all of it; text is written as UTF-8.
        mode: the permissions of a regular file afterwards.
        durable: wait until the disk has it.

    Raises:
        OSError: it cannot be written; a regular file is then as it was.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        found = path.stat()
    except FileNotFoundError:
        found = None
    if found is not None and (own := _standard_stream(found)) is not None:
        _write_through(os.dup(own), data)
    elif found is not None and not stat.S_ISREG(found.st_mode):
        # Neither made nor emptied: it is whatever it was before.
        _write_through(os.open(path, os.O_WRONLY | os.O_NOCTTY), data)
    else:
        _replace(Path(os.path.realpath(path)), data, mode, durable=durable)


def _standard_stream(found: os.stat_result) -> int | None:
    for descriptor, stream in zip(_STANDARD, (sys.stdout, sys.stderr), strict=True):
        try:
            open_now = os.fstat(descriptor)
        except OSError:
            continue  # closed by whoever started us
        if os.path.samestat(found, open_now):
            stream.flush()
            return descriptor
    return None


def _write_through(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]


def _replace(target: Path, data: bytes, mode: int, *, durable: bool) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        fresh.chmod(mode)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise

"""Files of the lab that appear whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.atomic_file import write_whole

if TYPE_CHECKING:
    from pathlib import Path


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file of mode 0600 in one step: whoever looks finds the old text or the new one, never half.

    Args:
        path: the file; its folder is made with mode 0700 where missing.
        content: all of it; text is written as UTF-8.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Not waited for: a power cut ends the lab anyway, and its devices write at every change.
    write_whole(path, content, mode=0o600, durable=False)

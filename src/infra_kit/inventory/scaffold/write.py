"""A new site on disk: into an empty folder or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.errors import StateError, UsageError
from infra_kit.inventory.scaffold.text import files

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.scaffold.design import Design


_REPOSITORY = ".git"
"""All that may be in the folder already: a repository that was made for the site."""


def write_site(folder: Path, design: Design) -> list[Path]:
    """Write the design's files.

    Args:
        folder: a folder that is empty or does not exist yet.
        design: the site.

    Returns:
        The files written.

    Raises:
        UsageError: the folder is a file, or holds something.
        StateError: it cannot be written.
    """
    texts = files(design)
    try:
        if folder.exists() and (not folder.is_dir() or any(path.name != _REPOSITORY for path in folder.iterdir())):
            raise UsageError(f"{folder} is not an empty folder", remedy="name a new folder; nothing has been written")
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise StateError(
            f"cannot be written: {error.strerror}", where=str(folder), remedy="check the folder and its permissions"
        ) from error
    return written

"""What every command knows of the terminal: whether there is one, and its colours."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import IO

import typer

_PAGE = 140
"""Columns where nobody looks."""
_NARROW = 40
"""Fewer columns than these are not filled word by word."""

Colour = str
"""`red`, `yellow`, `green`, `blue`, `cyan` or `bold`."""


def is_terminal(stream: IO[str] | None = None) -> bool:
    """Whether a person is looking at the stream (standard output by default)."""
    return (stream or sys.stdout).isatty()


def is_interactive() -> bool:
    """Whether there is someone to ask: both ends are a terminal."""
    return sys.stdin.isatty() and is_terminal()


def paint(text: str, colour: Colour) -> str:
    """The text in colour on a terminal; plain elsewhere, and where NO_COLOR (no-color.org) is set."""
    if not is_terminal() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return typer.style(text, bold=True) if colour == "bold" else typer.style(text, fg=colour)


def width() -> int:
    """How many columns a line may have: those of the terminal, or of COLUMNS; where there is neither, what a page has."""
    return shutil.get_terminal_size((_PAGE, 0)).columns


def cut(text: str) -> str:
    """The text as one line that is no longer than it may be."""
    line, most = " ".join(text.splitlines()), width()
    return line if len(line) <= most else f"{line[: most - 1]}…"


def wrapped(text: str, by: int) -> list[str]:
    """The whole text in lines that are no longer than they may be, each `by` columns from the left; a long word stays whole."""
    indent = " " * by
    return textwrap.wrap(
        text, max(width(), _NARROW), initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )

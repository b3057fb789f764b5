"""What every command knows of the terminal: whether there is one, and its colours."""

from __future__ import annotations

import os
import sys
from typing import IO

import typer

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

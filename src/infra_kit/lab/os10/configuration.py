"""A configuration as the switch holds it: lines with an identity, blocks with lines of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = re.compile(r"(\d+)")


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key that orders `ethernet1/1/2` before `ethernet1/1/10`."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in _NUMBERS.split(text) if part)


@dataclass(slots=True)
class Line:
    """One line, and its block if it opens one."""

    text: str
    rank: int = 0
    hidden: bool = False
    mode: str = ""
    """The mode it opens; empty for a plain line."""
    block: dict[str, Line] = field(default_factory=dict)
    """Identity -> line."""

    def get(self, slot: str) -> str | None:
        """The text of the line of that identity."""
        line = self.block.get(slot)
        return None if line is None else line.text

    def lines(self, *, everything: bool = False) -> Iterator[Line]:
        """The block's lines in the order in which they are shown: plain lines, then blocks."""
        shown = (line for line in self.block.values() if everything or not line.hidden)
        return iter(sorted(shown, key=lambda line: (bool(line.mode), line.rank, natural(line.text))))

    def show(self, *, everything: bool = False) -> Iterator[str]:
        """The block as text, without the opening line; `!` before every inner block."""
        for line in self.lines(everything=everything):
            if line.mode:
                yield "!"
            yield from line.text.split("\n")
            for inner in line.show(everything=everything):
                yield f" {inner}"

    def find(self, prefix: str) -> Iterator[Line]:
        """The lines that begin with these words."""
        return (line for line in self.block.values() if line.text.startswith(prefix))

    def as_list(self) -> list[Any]:
        """For the state file."""
        block = [[slot, *line.as_list()] for slot, line in self.block.items()]
        return [self.text, self.rank, self.hidden, self.mode, block]

    @classmethod
    def from_list(cls, data: list[Any]) -> Line:
        """From the state file."""
        text, rank, hidden, mode, block = data
        return cls(text, rank, hidden, mode, {slot: cls.from_list(rest) for slot, *rest in block})


def numbers_of(text: str) -> set[int]:
    """`5,11-13` as a set."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def text_of(numbers: set[int]) -> str:
    """A set as `5,11-13`."""
    parts: list[str] = []
    start: int | None = None
    for number in sorted(numbers):
        if start is None:
            start = number
        if number + 1 not in numbers:
            parts.append(str(start) if start == number else f"{start}-{number}")
            start = None
    return ",".join(parts)

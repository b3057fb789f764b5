"""A change of a site's files that is looked at as a whole before any of it is written, and that can be taken back."""

from __future__ import annotations

import difflib
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from infra_kit.inventory.document import read_document
from infra_kit.inventory.edit import replace
from infra_kit.inventory.errors import InventoryError, LockedError, StateError
from infra_kit.inventory.findings.text import as_text, plain
from infra_kit.inventory.load import load

if TYPE_CHECKING:
    from infra_kit.inventory.findings.finding import Finding
    from infra_kit.inventory.findings.text import Paint

_PATIENCE_S: Final = 10.0
"""For which another editor is waited for: an edit takes a fraction of a second."""
_PAUSE_S: Final = 0.05
_LEAD: Final = 5
"""So many lines before a change are looked at to find it again."""


@dataclass(frozen=True, slots=True)
class SiteChange:
    """One file of a site with another text.

    Args:
        path: the file.
        before: its text; empty where it is not there yet.
        after: the text that it is to have.
    """

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """A unified diff; empty where nothing changes."""
        name = str(self.path)
        return "\n".join(difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), name, name, lineterm=""))

    def findings(self, paint: Paint = plain) -> tuple[list[Finding], str]:
        """What validation would find in the changed site, and the same as text with the lines as they would be.

        The site is loaded from a folder of links with the changed file among them, so that rules that look for files find them.
        """
        folder = self.path.parent.resolve()
        with tempfile.TemporaryDirectory(prefix="infra-kit-edit-") as made:
            trial = Path(made)
            for entry in folder.iterdir():
                if entry.name != self.path.name:
                    (trial / entry.name).symlink_to(entry)
            (trial / self.path.name).write_text(self.after, encoding="utf-8")
            found = load(trial).findings
            return found, as_text(found, paint).replace(made, str(self.path.parent))

    def write(self) -> None:
        """Put the new text in the place of the old.

        Raises:
            StateError: the file is not as it was any more, or cannot be written.
        """
        self._exchange(self.before, self.after)

    def take_back(self) -> None:
        """Put the old text back; where somebody has changed the file since, only in the place of the lines that this change made.

        Raises:
            StateError: those lines are not there as they were written, or the file cannot be written.
        """
        now = _read(self.path)
        for made, old in self._lines() if now != self.after else ():
            if now.count(made) == 1:
                replace(self.path, now.replace(made, old))
                return
        self._exchange(self.after, self.before)

    def _lines(self) -> Iterator[tuple[str, str]]:
        """The lines that the change made and those in whose place they are, with more and more of what stands before them.

        None where it only took lines away: nothing says where these belong by now.
        """
        old, new = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        same = _alike(old, new)
        behind = _alike(old[same:][::-1], new[same:][::-1])
        made, gone = new[same : len(new) - behind], old[same : len(old) - behind]
        for lead in range(1, _LEAD + 1) if made else ():
            before = new[max(0, same - lead) : same]
            yield "".join([*before, *made]), "".join([*before, *gone])

    def _exchange(self, expected: str, text: str) -> None:
        if _read(self.path) != expected:
            raise StateError("was changed by someone else meanwhile; nothing has been written", where=str(self.path), remedy="try again")
        replace(self.path, text)


def change(folder: Path, section: str, edit: Callable[[str, str], str], *, new_file: str = "") -> SiteChange:
    """The change that an edit of one section comes to; nothing is written. To be called by whoever is `alone`.

    Args:
        folder: the site's folder.
        section: the section's key.
        edit: takes the text of the file that holds it, and the file's name; gives the new text.
        new_file: where the section begins if no file has it yet.

    Raises:
        InventoryError: no file has the section and `new_file` is not given, or a file is not well formed.
    """
    for path in sorted(folder.glob("*.yaml")):
        document = read_document(path, str(path))
        if document.findings:
            first = document.findings[0]
            raise InventoryError(first.message, where=f"{path}:{first.line}:{first.column}", remedy=first.hint)
        if section in document.value:
            before = _read(path)
            return SiteChange(path, before, edit(before, str(path)))
    if not new_file:
        raise InventoryError(f"no file has a section `{section}`", where=str(folder), remedy=f"add `{section}:` to a file of the site")
    path = folder / new_file
    before = _read(path)
    begun = f"{before}{'' if not before or before.endswith(chr(10)) else chr(10)}{chr(10) if before else ''}{section}: []\n"
    return SiteChange(path, before, edit(begun, str(path)))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep every other editor of this site out, so that neither loses what the other one writes.

    Raises:
        LockedError: another one has been at it for ten seconds.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    deadline = time.monotonic() + _PATIENCE_S
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LockedError("the inventory is being edited by another process", where=str(folder), remedy="try again") from None
                time.sleep(_PAUSE_S)
        yield
    finally:
        os.close(descriptor)


def _alike(some: list[str], others: list[str]) -> int:
    """How many lines at the beginning are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(some, others, strict=False)))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except OSError as error:
        raise StateError(f"cannot be read: {error.strerror}", where=str(path)) from error

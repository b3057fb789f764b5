"""The state folder `.infra-kit/` beside a site: made, tested and reserved before any device is written to."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Final

from infra_kit.inventory.errors import StateError

_PROBE_BYTES: Final = 1 << 20
_RESERVE_BYTES: Final = 8 << 20
"""Kept aside during a run, so that a disk that fills up leaves room for the journal's last words."""
_FREE_BYTES: Final = 32 << 20
_PRIVATE: Final = 0o700


class StateFolder:
    """Where a site's runs, journal and lock are.

    Args:
        site: the site's folder.
    """

    def __init__(self, site: Path) -> None:
        """Touches nothing."""
        self.root = site / ".infra-kit"
        self.runs = self.root / "runs"
        self.database = self.root / "state.db"
        # Each process its own: runs of different workspaces may be under way at once.
        self._reserve = self.root / f"reserve-{os.getpid()}"

    def prepare(self) -> None:
        """Make the folder, prove that it can be written to and that the disk has room, and set the reserve aside.

        Raises:
            StateError: it cannot; nothing has been sent to any device.
        """
        try:
            for folder in (self.root, self.runs):
                folder.mkdir(mode=_PRIVATE, exist_ok=True)
                folder.chmod(_PRIVATE)
            (self.root / ".gitignore").write_text("*\n", encoding="utf-8")
            self._probe()
            self._set_aside()
        except OSError as error:
            raise StateError(
                f"the state folder cannot be written: {error.strerror or error}; nothing was sent to any device",
                where=str(self.root),
                remedy="give infra-kit a writable folder with at least 64 MiB free",
            ) from error

    @staticmethod
    def new_run() -> str:
        """A new run's id, sortable by time."""
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + secrets.token_hex(2)

    def run_folder(self, run: str) -> Path:
        """Make the run's folder.

        Raises:
            StateError: it cannot be made.
        """
        folder = self.runs / run
        try:
            folder.mkdir(mode=_PRIVATE)
            (folder / "backups").mkdir(mode=_PRIVATE)
        except OSError as error:
            raise StateError(f"the run's folder cannot be made: {error.strerror}", where=str(folder)) from error
        return folder

    def release(self) -> bool:
        """Give the reserve back to the disk; False when there was none."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def _probe(self) -> None:
        probe = self.root / f"probe-{os.getpid()}"
        try:
            with probe.open("wb") as file:
                file.write(b"\0" * _PROBE_BYTES)
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)
        space = os.statvfs(self.root)
        free = space.f_bavail * space.f_frsize
        if free < _FREE_BYTES:
            raise OSError(f"only {free >> 20} MiB are free")

    def _set_aside(self) -> None:
        for left in self.root.glob("reserve*"):
            number = left.name.removeprefix("reserve-")
            # Of a killed run; the one without a number is an earlier version's.
            if not number.isdecimal() or not Path(f"/proc/{number}").exists():
                left.unlink(missing_ok=True)
        with self._reserve.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, _RESERVE_BYTES)

"""Ctrl-C and its kin: before anything is sent the run just ends; afterwards the running steps end and no further one starts."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from infra_kit.inventory.errors import DeviceError

INTERRUPTED = 130
"""128 + SIGINT, as a shell reports it."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class WaitInterruptedError(DeviceError):
    """A step was told to stop while it waited for its device, which goes on with what it was asked."""


class Interruption:
    """Asked to stop, by a signal or by a journal that can no longer be written."""

    def __init__(self) -> None:
        """Not asked yet, and nothing sent yet."""
        self._asked = threading.Event()
        self.reason = ""
        self.changing = False
        """True once devices may have been changed."""

    def ask(self, reason: str) -> None:
        """Stop, for the first reason given."""
        if not self._asked.is_set():
            self.reason = reason
            self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether to stop."""
        return self._asked.is_set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear the signals while the body runs; only the main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self._hear) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if not self.changing:
            raise KeyboardInterrupt
        if self.asked:
            # Asked twice: as abrupt as a kill, and the journal bears that.
            os._exit(INTERRUPTED)
        self.ask(f"interrupted by {signal.Signals(number).name}")

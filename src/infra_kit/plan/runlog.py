"""The run's log: one JSON object a line, every text masked, the libraries' own warnings among them."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Self

from infra_kit.inventory.errors import StateError
from infra_kit.plan.masking import Mask, masked

if TYPE_CHECKING:
    from infra_kit.plan.events import Event

FILE = "run.log"
_PRIVATE = 0o600
_AS_JSON = json.JSONEncoder(default=str, ensure_ascii=False).encode
"""Made once: a run of thousands of steps writes a line at each of their moments."""


class RunLog:
    """Appends to `run.log` in the run's folder.

    Args:
        folder: the run's folder.
        mask: applied to every text.
    """

    def __init__(self, folder: Path, mask: Mask) -> None:
        """Open the file and listen to the libraries.

        Raises:
            StateError: it cannot be written.
        """
        self._guard = threading.Lock()
        self._mask = mask
        try:
            # Unbuffered: what a full disk refuses must not be tried again at the closing.
            descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _PRIVATE)
            self._file = os.fdopen(descriptor, "ab", buffering=0)
        except OSError as error:
            raise StateError(f"the run's log cannot be written: {error.strerror}", where=str(folder)) from error
        self._handler = _Forward(self)

    def line(self, what: str, **values: object) -> None:
        """One line. A full disk costs the line, never the run: the journal is what counts, and it says why the run stopped."""
        at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        text = _AS_JSON({"at": at, "what": what, **{key: masked(value, self._mask) for key, value in values.items()}})
        with self._guard:
            if self._file.closed:
                return
            try:
                self._file.write(f"{text}\n".encode())
            except OSError:
                self._file.close()

    def event(self, event: Event) -> None:
        """An event of the engine."""
        values = {"resource": event.resource, "device": event.device, "outcome": event.outcome, "message": event.message}
        self.line(event.moment, **{key: value for key, value in values.items() if value})

    def fault(self, what: str, error: BaseException, **values: object) -> None:
        """A fault of our own, with its trace."""
        self.line(what, **values, error=f"{type(error).__name__}: {error}", trace=traceback.format_exception(error))

    def __enter__(self) -> Self:
        """Take the libraries' warnings, which would otherwise go to the terminal unmasked."""
        logging.getLogger().addHandler(self._handler)
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        logging.getLogger().removeHandler(self._handler)
        with self._guard:
            self._file.close()


class _Forward(logging.Handler):
    def __init__(self, log: RunLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.line("library", name=record.name, level=record.levelname, message=record.getMessage())

"""A socket over which QEMU's monitor and guest agent are spoken to: one JSON document a line."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING, Any, Self

from infra_kit.inventory.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_RETRY_S = 0.05


class Channel:
    """One connection.

    Args:
        path: the Unix socket.
        timeout_s: for an answer.
        appears_s: within which the socket is there.

    Raises:
        LabError: nobody listens.
    """

    def __init__(self, path: Path, timeout_s: float, appears_s: float = 10.0) -> None:
        """Connect."""
        self._path = path
        self._socket = _connected(path, appears_s)
        self._socket.settimeout(timeout_s)
        self._stream = self._socket.makefile("rwb")

    def read(self) -> dict[str, Any]:
        """The next document.

        Raises:
            LabError: none came in time, or the other side went away.
        """
        try:
            line = self._stream.readline()
        except OSError as error:
            raise LabError(f"no answer: {error}", where=str(self._path)) from error
        if not line:
            raise LabError("the other side went away", where=str(self._path))
        document: dict[str, Any] = json.loads(line.lstrip(b"\xff"))  # the guest agent marks the answer to a synchronisation by it
        return document

    def call(self, command: str, **arguments: Any) -> Any:
        """Have a command done; what it returns. Events in between are passed over.

        Raises:
            LabError: it was refused, with the words that were said, or nobody answered.
        """
        message = {"execute": command} | ({"arguments": arguments} if arguments else {})
        try:
            self._stream.write(json.dumps(message).encode() + b"\n")
            self._stream.flush()
        except OSError as error:
            raise LabError(f"{command} cannot be sent: {error}", where=str(self._path)) from error
        while True:
            answer = self.read()
            if "error" in answer:
                raise LabError(f"{command}: {answer['error'].get('desc', answer['error'])}", where=str(self._path))
            if "return" in answer:
                return answer["return"]

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close."""
        self.close()


def _connected(path: Path, appears_s: float) -> socket.socket:
    deadline = time.monotonic() + appears_s
    while True:
        made = socket.socket(socket.AF_UNIX)
        try:
            made.connect(str(path))
        except OSError as error:
            made.close()
            if time.monotonic() > deadline:
                raise LabError(f"nobody listens: {error}", where=str(path)) from error
            time.sleep(_RETRY_S)
        else:
            return made

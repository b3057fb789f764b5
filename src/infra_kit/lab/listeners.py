"""Where the lab's devices listen: on loopback, each where it listened last time if that is still free."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

from infra_kit.lab.private_file import write_private

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"


class Ports:
    """Remembers the port of each device over restarts.

    Args:
        file: where they are kept.
    """

    def __init__(self, file: Path) -> None:
        """Read what the last run left."""
        self._file = file
        self._known: dict[str, int] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def wanted(self, name: str) -> int:
        """The port to try: the last one if it is free now, else 0 for any."""
        port = self._known.get(name, 0)
        return port if port and _is_free(port) else 0

    def remember(self, taken: dict[str, int]) -> None:
        """Keep where everything listens now."""
        self._known |= taken
        write_private(self._file, json.dumps(self._known, indent=1) + "\n")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True

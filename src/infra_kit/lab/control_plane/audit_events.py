"""What infra-kit asked of the API server, out of the audit log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_METHODS = {"create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE", "deletecollection": "DELETE"}
_TRIAL = "DRY-RUN"


class AuditEvents:
    """The requests of one user since the lab came up, oldest first: HTTP method, or DRY-RUN where it only tried, and path.

    Args:
        log: the API server's audit log.
        user: whose requests.
    """

    def __init__(self, log: Path, user: str) -> None:
        """What the log holds by now is of an earlier lab."""
        self._log = log
        self._user = user
        self._offset = log.stat().st_size if log.exists() else 0
        self._seen: list[tuple[str, str]] = []

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Everything asked so far."""
        self._read_on()
        return self._seen

    def clear(self) -> None:
        """Forget them."""
        self._read_on()
        self._seen.clear()

    def _read_on(self) -> None:
        if not self._log.exists():
            return
        if self._log.stat().st_size < self._offset:
            self._offset = 0  # the API server began a new file
        mark = json.dumps(self._user).encode()
        with self._log.open("rb") as log:
            log.seek(self._offset)
            for line in log:
                if not line.endswith(b"\n"):
                    break  # being written
                self._offset += len(line)
                if mark in line:
                    self._note(json.loads(line))

    def _note(self, event: dict[str, Any]) -> None:
        if event["user"].get("username") != self._user or event.get("stage") == "ResponseStarted":
            return  # a watch is noted when it ends
        trial = "dryRun=All" in event["requestURI"]
        self._seen.append((_TRIAL if trial else _METHODS.get(event["verb"], "GET"), event["requestURI"]))

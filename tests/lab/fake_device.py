"""A stand-in for an emulator, so that the orchestrator's own behaviour is tested apart from any device's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from infra_kit.lab.faults import Events, Faults

if TYPE_CHECKING:
    from pathlib import Path


class FakeDevice:
    def __init__(self, name: str, state_file: Path, *, stubborn: bool = False, port_refused: bool = False) -> None:
        self.name, self.protocol = name, "redfish"
        self.faults, self.events = Faults(), Events()
        self.tampered: list[dict[str, Any]] = []
        self._state_file, self._stubborn, self._port_refused = state_file, stubborn, port_refused
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        if self._port_refused:
            raise OSError("no more ports")
        self._state_file.write_text("{}")
        self._server = await asyncio.start_server(lambda _reader, writer: writer.close(), host, port)
        return self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._stubborn:
            raise RuntimeError("will not stop")

    def tamper(self, change: dict[str, Any]) -> None:
        if "nonsense" in change:
            raise ValueError("nothing of that name")
        self.tampered.append(change)

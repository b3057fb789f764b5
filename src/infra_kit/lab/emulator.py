"""The form every emulated device has: the lab starts, stops and controls them all alike, in one asyncio loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.lab.faults import Events, Faults


@dataclass(frozen=True, slots=True)
class Login:
    """The account an emulated device accepts."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Certificate chain and key that an HTTPS device presents (PEM)."""

    certificate: Path
    key: Path


class Emulator(Protocol):
    """One emulated device. Its whole state is in `state_file` (JSON) and survives a restart."""

    name: str
    protocol: str
    """redfish, ssh, papi or kubernetes."""
    faults: Faults
    events: Events

    async def start(self, host: str, port: int) -> int:
        """Listen on a loopback address; port 0 takes a free one. Gives the port."""
        ...

    async def stop(self) -> None:
        """Close the listener and every connection, and write the state."""
        ...

    def tamper(self, change: dict[str, Any]) -> None:
        """Change the device's state behind infra-kit's back.

        Raises:
            ValueError: the device has nothing of that name, or refuses the value.
        """
        ...

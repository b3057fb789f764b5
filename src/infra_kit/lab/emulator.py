"""The form every emulated device has: the lab starts, stops and controls them all alike, in one asyncio loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from infra_kit.lab.faults import FaultSet


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


class Asked(Protocol):
    """What a device was asked."""

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Verb and what, in order."""
        ...

    def clear(self) -> None:
        """Forget them."""
        ...


class Controlled(Protocol):
    """What the lab's control call reaches."""

    @property
    def events(self) -> Asked:
        """What it was asked."""
        ...

    @property
    def faults(self) -> FaultSet:
        """What it is told to do wrong."""
        ...

    def tamper(self, change: dict[str, Any]) -> Awaitable[None] | None:
        """Change the device's state behind infra-kit's back; what is to be awaited is not yet done when this returns.

        Raises:
            ValueError: the device has nothing of that name, or refuses the value.
        """
        ...


class Emulator(Controlled, Protocol):
    """One emulated device. Its whole state is in `state_file` (JSON) and survives a restart."""

    name: str
    protocol: str
    """redfish, ssh, papi or kubernetes."""

    async def start(self, host: str, port: int) -> int:
        """Listen on a loopback address; port 0 takes a free one. Gives the port."""
        ...

    async def stop(self) -> None:
        """Close the listener and every connection, and write the state."""
        ...


@runtime_checkable
class FeelsFaults(Protocol):
    """A device that has to do something when its faults change; the emulators look at theirs with every request."""

    async def feel_faults(self) -> None:
        """Bring itself to what its faults say."""
        ...

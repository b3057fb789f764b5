"""What the lab does with each of its hosts, container or virtual machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from infra_kit.lab.hosts.specification import HostSpec


class Computer(Protocol):
    """One host. Its methods are for the lab's own loop, and raise LabError with what is wrong with it."""

    spec: HostSpec

    @property
    def is_off(self) -> bool:
        """Powered off: by its own shutdown, or by `power_off`."""
        ...

    async def start(self) -> None:
        """Switch it on for the first time; it may not yet answer when this returns."""
        ...

    async def ready(self) -> None:
        """Wait until its SSH server answers."""
        ...

    async def shut_down(self) -> None:
        """The lab goes down: it is off when this returns, and is as it was when the lab comes up again."""
        ...

    async def power_off(self) -> None:
        """Take its power away."""
        ...

    async def power_on(self) -> None:
        """Switch it on again, where it is off."""
        ...

    async def cut(self) -> None:
        """Pull its cables."""
        ...

    async def mend(self) -> None:
        """Plug its cables in again."""
        ...

    async def freeze(self) -> None:
        """Stop it as it is: it answers nobody."""
        ...

    async def thaw(self) -> None:
        """Let it go on."""
        ...

    async def execute(self, command: str) -> str:
        """Run a shell command in it, as root at its console would; what it printed."""
        ...

    async def settle(self) -> None:
        """Nothing is being done to it any more, and nothing of it runs that ends with the lab's process."""
        ...

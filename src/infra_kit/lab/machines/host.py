"""A machine as a host of a lab, like any other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from infra_kit.lab.hosts.cables import Cables
from infra_kit.lab.hosts.greeting import wait_for_ssh
from infra_kit.lab.machines.machine import Machine
from infra_kit.lab.machines.specification import emulation
from infra_kit.lab.machines.uplink import Uplink

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infra_kit.lab.hosts.fabric import Fabric
    from infra_kit.lab.hosts.specification import HostSpec
    from infra_kit.lab.machines.image import Image

T = TypeVar("T")


class MachineHost:
    """A systemd on a kernel of its own. Its methods are for the lab's own loop.

    Args:
        spec: what it shall be.
        image: what it begins with.
        folder: its disks.
        fabric: what it is plugged into.
    """

    def __init__(self, spec: HostSpec, image: Image, folder: Path, fabric: Fabric) -> None:
        """Not started yet."""
        self.spec = spec
        self._image = image
        self._folder = folder
        self._fabric = fabric
        self._uplink: Uplink | None = None
        self._machine: Machine | None = None
        self._cables = Cables(fabric, spec)
        self._frozen = False
        self._doing = asyncio.Lock()

    @property
    def is_off(self) -> bool:
        """Powered off: by its own shutdown, or by `power_off`."""
        return self._machine is None or self._machine.pid is None

    async def start(self) -> None:
        """Switch it on, as it was when the lab went down, or a new one; it may not yet answer by SSH when this returns.

        Raises:
            LabError: it cannot be made.
        """
        await self._in_thread(self._make)

    async def ready(self) -> None:
        """Wait until its SSH server answers.

        Raises:
            LabError: it did not in time.
        """
        await wait_for_ssh(self.spec, self._fabric.namespace, emulation().boot_s, lambda: self.is_off)

    async def shut_down(self) -> None:
        """Keep it as it is; it goes on from there when the lab comes up again."""
        await self.thaw()
        await self._in_thread(self._running.stop)

    async def power_off(self) -> None:
        """Take its power away."""
        self._frozen = False
        await self._in_thread(self._running.power_off)

    async def power_on(self) -> None:
        """Boot it again, where it is off."""
        if self.is_off:
            await self._in_thread(self._running.power_on)

    async def cut(self) -> None:
        """Pull its cables."""
        await self._in_thread(self._cables.cut)

    async def mend(self) -> None:
        """Plug its cables in again."""
        await self._in_thread(self._cables.mend)

    async def freeze(self) -> None:
        """Stop its processors."""
        if not self._frozen and not self.is_off:
            await self._in_thread(self._running.freeze)
            self._frozen = True

    async def thaw(self) -> None:
        """Let them go on."""
        if self._frozen and not self.is_off:
            await self._in_thread(self._running.thaw)
        self._frozen = False

    async def execute(self, command: str) -> str:
        """Run a shell command in it, as root at its console would; what it printed.

        Raises:
            LabError: it failed.
        """
        return await self._in_thread(self._running.agent.do, command)

    async def settle(self) -> None:
        """Pull its plug where it still runs, and its cables: the lab ends."""
        async with self._doing:
            if self._machine is not None:
                await asyncio.to_thread(self._machine.power_off)
            if self._uplink is not None:
                await asyncio.to_thread(self._uplink.close)
                self._uplink = None

    @property
    def _running(self) -> Machine:
        assert self._machine is not None, "a host is started before anything else is done with it"
        return self._machine

    def _make(self) -> None:
        assert self.spec.machine is not None
        self._uplink = Uplink(self.spec.name, len(self.spec.machine.cards), self._fabric.plug_machine(self.spec))
        network = self._fabric.network(self.spec, self.spec.attachments[0])
        self._machine = Machine(self.spec, self._image, self._folder, network, self._uplink.cables)
        self._machine.start()

    async def _in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        """What a blocking function gives, one at a time; it is waited for to its end even where nobody wants its result any more."""

        async def alone() -> T:
            async with self._doing:
                return await asyncio.to_thread(function, *arguments)

        return await asyncio.shield(asyncio.ensure_future(alone()))

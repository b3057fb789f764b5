"""One running host: started, watched, started again after its own reboot, made to suffer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from typing import TYPE_CHECKING, Any, TypeVar

from infra_kit.inventory.errors import LabError
from infra_kit.lab.hosts.cables import Cables
from infra_kit.lab.hosts.greeting import wait_for_ssh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infra_kit.lab.hosts.disk import Disk
    from infra_kit.lab.hosts.fabric import Fabric
    from infra_kit.lab.hosts.podman import Podman
    from infra_kit.lab.hosts.specification import HostSpec

_REBOOT = 129  # 128 + SIGHUP: what the kernel ends a container's first process with where it called reboot(2)
_SHUT_DOWN = signal.SIGRTMIN + 3  # systemd(1): halt
_READY_S = 60.0
_log = logging.getLogger("infra_kit.lab")
T = TypeVar("T")


class Host:
    """A systemd in a container. Its methods are for the lab's own loop.

    Args:
        spec: what it shall be.
        disk: what it keeps.
        fabric: what it is plugged into.
        podman: what runs it.
        own: the lab's files that it has.
        pid_file: where its pid is written.
    """

    def __init__(self, spec: HostSpec, disk: Disk, fabric: Fabric, podman: Podman, *, own: dict[str, Path], pid_file: Path) -> None:  # noqa: PLR0913  what a host is made of
        """Not started yet."""
        self.spec = spec
        self.is_off = True
        """Powered off: by its own shutdown, or by `power_off`."""
        self._disk = disk
        self._fabric = fabric
        self._podman = podman
        self._own = own
        self._pid_file = pid_file
        self._process = -1
        self._wanted = False
        self._watching: asyncio.Task[None] | None = None
        self._threads: set[asyncio.Future[Any]] = set()
        self._cables = Cables(fabric, spec)
        self._frozen = False

    async def start(self) -> None:
        """Switch it on for the first time; it may not yet answer when this returns.

        Raises:
            LabError: it cannot be made.
        """
        await self._in_thread(self._make)
        self._watch()

    async def ready(self) -> None:
        """Wait until its SSH server answers.

        Raises:
            LabError: it did not in time.
        """
        await wait_for_ssh(self.spec, self._fabric.namespace, _READY_S, lambda: self.is_off)

    async def shut_down(self) -> None:
        """Have it shut down in order; it is off when this returns."""
        await self._end(_SHUT_DOWN)

    async def power_off(self) -> None:
        """Take its power away."""
        await self._end(signal.SIGKILL)

    async def power_on(self) -> None:
        """Switch it on again, where it is off."""
        if self.is_off:
            await self._in_thread(self._again)
            self._watch()

    async def cut(self) -> None:
        """Pull its cables."""
        await self._in_thread(self._cables.cut)

    async def mend(self) -> None:
        """Plug its cables in again."""
        await self._in_thread(self._cables.mend)

    async def freeze(self) -> None:
        """Stop every process of it: connections are taken by its kernel and never answered."""
        if not self._frozen and not self.is_off:
            await self._in_thread(self._podman.pause, self.spec.name)
            self._frozen = True

    async def thaw(self) -> None:
        """Let them go on."""
        if self._frozen:
            await self._in_thread(self._podman.unpause, self.spec.name)
            self._frozen = False

    async def execute(self, command: str) -> str:
        """Run a shell command in it, as root at its console would; what it printed.

        Raises:
            LabError: it failed.
        """
        return await self._in_thread(self._podman.execute, self.spec.name, command)

    async def settle(self) -> None:
        """Watch it no longer, and wait until nothing is being done to it: the lab ends."""
        self._wanted = False
        if self._watching is not None:
            self._watching.cancel()
        await asyncio.gather(*self._threads, return_exceptions=True)

    async def _in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        """What a blocking function gives; it is known to be under way until it has ended, even where nobody waits for it any more."""
        under_way = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
        self._threads.add(under_way)
        under_way.add_done_callback(self._threads.discard)
        return await asyncio.shield(under_way)

    def _make(self) -> None:
        self._disk.mount()
        namespace = self._fabric.plug(self.spec)
        self._podman.run(self.spec.name, disk=self._disk, namespace=namespace, own=self._own, pid_file=self._pid_file)

    def _again(self) -> None:
        # What was set in its network, and not kept on its disk, is gone as after any reboot.
        self._fabric.unplug(self.spec)
        self._fabric.plug(self.spec)
        self._cables.restore()
        self._podman.start(self.spec.name)

    def _watch(self) -> None:
        self._process = os.pidfd_open(int(self._pid_file.read_text(encoding="ascii")))
        self.is_off, self._wanted = False, True
        self._watching = asyncio.create_task(self._until_it_ends(self._process), name=f"watch {self.spec.name}")

    async def _until_it_ends(self, process: int) -> None:
        """A reboot ends the container: it is started again from outside, as a machine would."""
        await _gone(process)
        self._frozen, code = False, -1
        try:
            code = await self._in_thread(self._podman.exit_code, self.spec.name)
            if self._wanted and code == _REBOOT:
                _log.info("%s reboots", self.spec.name)
                await self._in_thread(self._again)
                self._watch()
                return
        except LabError as error:
            _log.error("%s did not come back: %s", self.spec.name, error)
        if self._wanted:
            _log.info("%s is off (its systemd ended with %d)", self.spec.name, code)
        self.is_off = True

    async def _end(self, number: int) -> None:
        """Send a signal to its systemd, and wait until it is off; a reboot that is under way is waited for."""
        await self.thaw()
        while not self.is_off and self._watching is not None:
            self._wanted = False
            with contextlib.suppress(ProcessLookupError, OSError):
                signal.pidfd_send_signal(self._process, number)
            await asyncio.wait([self._watching])


async def _gone(process: int) -> None:
    """Wait until a process has ended, without asking again and again.

    Args:
        process: its descriptor, which is closed then.
    """
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(process)
        os.close(process)

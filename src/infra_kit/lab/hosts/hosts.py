"""All hosts of one lab and the fabric between them: up together, gone together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from infra_kit.inventory.errors import LabError
from infra_kit.lab.folder import exports
from infra_kit.lab.hosts import clearing, keeper
from infra_kit.lab.hosts.capacity import show
from infra_kit.lab.hosts.disk import Disk
from infra_kit.lab.hosts.fabric import Fabric
from infra_kit.lab.hosts.host import Host
from infra_kit.lab.hosts.podman import Podman
from infra_kit.lab.hosts.requirements import require_hosts
from infra_kit.lab.hosts.root_filesystem import MACHINE, locate

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Sequence

    from infra_kit.lab.hosts.computer import Computer
    from infra_kit.lab.hosts.namespace import Namespace
    from infra_kit.lab.hosts.specification import FabricSpec, HostSpec, MachineSpec

_SHUT_DOWN_S = 10.0
_KEEP_S = 60.0
"""Of one or more machines: their memory is written to disk."""
_DATA = Path(__file__).with_name("data")
_log = logging.getLogger("infra_kit.lab")


class Hosts:
    """Hosts of a lab, of a site or of anything else.

    All that they have on this machine while they run is in a folder and in control groups of a name of their own. It is cleared
    when they are stopped, and by a keeper of its own where this process ends in any other way.

    Args:
        folder: where what the hosts write is kept while they are down; of one running `Hosts` at a time, others' are cleared.
        specs: the hosts.
        fabric: what is between them.
    """

    def __init__(self, folder: Path, specs: Sequence[HostSpec], fabric: FabricSpec) -> None:
        """Nothing is made yet."""
        self._folder = folder
        self._specs = tuple(specs)
        self._name = f"{clearing.name_of(folder)}{os.getpid()}-{secrets.token_hex(2)}"
        self._run = clearing.RUN / self._name
        self._keeper: subprocess.Popen[bytes] | None = None
        self._podman = Podman(self._run / "podman", self._name)
        self.fabric = Fabric(self._run / "namespaces", fabric, self._specs)
        self.hosts: dict[str, Computer] = {}

    @property
    def namespace(self) -> Namespace:
        """The fabric's: services of the lab listen in it."""
        return self.fabric.namespace

    async def start(self, *, reset: bool = False) -> None:
        """Switch all on; each answers on SSH when this returns.

        Args:
            reset: forget what they have written: each is freshly installed.

        Raises:
            LabError: this machine lacks something, or one of them does not come up; nothing is left running then.
        """
        require_hosts()
        try:
            await asyncio.to_thread(self._prepare, reset)
            await _all(host.start() for host in self.hosts.values())
            await _all(host.ready() for host in self.hosts.values())
        except OSError as error:
            await self._clear()
            raise LabError(f"the hosts cannot be made: {error}", where=str(self._folder)) from error
        except BaseException:
            await self._clear()
            raise

    async def stop(self, *, keep: bool = True) -> None:
        """Have all shut down in order, and leave nothing but what they have written.

        Args:
            keep: no: their power is taken away; nobody will miss what they had not written.
        """
        if not keep:
            await self._clear()
            return
        for host in self.hosts.values():
            await host.mend()
        within_s = _KEEP_S if any(spec.machine for spec in self._specs) else _SHUT_DOWN_S
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(host.shut_down() for host in self.hosts.values())), within_s)
        await self._clear()

    def _prepare(self, reset: bool) -> None:
        clearing.clear(self._folder)
        if reset and self._folder.exists():
            shutil.rmtree(self._folder)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._run.mkdir(parents=True, mode=0o700)
        self._podman.configure()
        self._keep()
        # Paths of mounts may have no comma or colon, which a site's folder may have: they go through this name of it.
        (self._run / "state").symlink_to(self._folder.resolve())
        self.fabric.make()
        self.hosts = {spec.name: self._host(spec) for spec in self._specs}

    def _host(self, spec: HostSpec) -> Computer:
        return self._container(spec) if spec.machine is None else self._machine(spec, spec.machine)

    def _machine(self, spec: HostSpec, machine: MachineSpec) -> Computer:
        from infra_kit.lab.machines.host import MachineHost
        from infra_kit.lab.machines.image import obtain

        image = obtain(locate(MACHINE), machine.memory_mib, _log.info)
        return MachineHost(spec, image, self._run / "state" / spec.name, self.fabric)

    def _container(self, spec: HostSpec) -> Computer:
        disk = Disk(self._run / "state" / spec.name, self._run / "hosts" / spec.name, spec, exports(self._run / "state"))
        own = {name: _DATA / name for name in ("entry.sh", "mount.nfs", "sysctl")}
        if spec.capacity is not None:
            own["capacity"] = show(spec.capacity, self._run / "capacities")
        return Host(spec, disk, self.fabric, self._podman, own=own, pid_file=self._run / f"{spec.name}.pid")

    def _keep(self) -> None:
        """Have the hosts' keeper beside us, who notices the end of this process, however it comes."""
        theirs, ours = os.pipe()
        self._tie: IO[bytes] = os.fdopen(ours, "wb", buffering=0)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self._podman.notifications))
            listener.listen(len(self._specs))
            command = [sys.executable, "-m", keeper.__name__, str(theirs), str(listener.fileno()), self._name]
            self._keeper = subprocess.Popen(  # noqa: S603  our own interpreter and module
                command, stdin=subprocess.DEVNULL, pass_fds=[theirs, listener.fileno()], start_new_session=True, cwd="/"
            )
        os.close(theirs)

    async def _clear(self) -> None:
        for host in self.hosts.values():
            await host.settle()
        await asyncio.to_thread(clearing.clear_named, self._name)
        if self._keeper is not None:
            self._tie.close()
            await asyncio.to_thread(self._keeper.wait)
            self._keeper = None


async def _all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do it all at the same time; the first failure ends the rest."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise

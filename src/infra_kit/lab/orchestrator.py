"""A running lab: every device of a site, their trust and secrets, and the control call, in one asyncio loop."""

from __future__ import annotations

import asyncio
import datetime as dt
import fcntl
import json
import logging
import os
import secrets
import shutil
from typing import IO, TYPE_CHECKING, cast

from infra_kit.inventory.errors import LabError
from infra_kit.lab.control_server import ControlServer
from infra_kit.lab.devices import MIRROR, devices, with_hosts
from infra_kit.lab.emulator import Login
from infra_kit.lab.folder import LabFolder
from infra_kit.lab.hosts.clearing import clear
from infra_kit.lab.listeners import HOST, Ports
from infra_kit.lab.overlay import Listening, publish, withdraw
from infra_kit.lab.private_file import write_private
from infra_kit.lab.secret_files import make_secrets, password_of
from infra_kit.lab.trust import Authority, host_key

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.devices import LabDevice
    from infra_kit.lab.emulator import Emulator
    from infra_kit.lab.hosts.site_hosts import SiteHosts
    from infra_kit.lab.onefs.array import OnefsArray

_STOP_S = 12.0  # the emulators end at once; the control plane in three steps
_LOCK_TRIES = 20
_LOCK_PAUSE_S = 0.05
_log = logging.getLogger("infra_kit.lab")


class Lab:
    """The lab of one site.

    Args:
        site: the site, free of errors.
        without: parts to leave out (devices.PARTS).
        hosts: whether the servers' operating systems have stand-ins, too: real ones, which take root.
        machines: names of those that are virtual machines.
        embedded: runs inside a program that ends it itself; `infra-kit lab down` then leaves it alone.
    """

    def __init__(
        self, site: Site, without: Collection[str] = (), *, hosts: bool = False, machines: Collection[str] = (), embedded: bool = False
    ) -> None:
        """Nothing is written or started yet."""
        self._site = site
        self._has_hosts = with_hosts(without, hosts=hosts)
        self._without = {*without} if self._has_hosts else {*without, "hosts"}
        self._machines = frozenset(machines)
        self._hosts: SiteHosts | None = None
        self._embedded = embedded
        self._lock: IO[str] | None = None
        self._control = ControlServer()
        self._running: list[Emulator] = []
        self.folder = LabFolder(site.folder)

    async def start(self, *, reset: bool = False) -> None:
        """Start every device, then publish where they are.

        Args:
            reset: forget what the devices remember: each is fresh from the factory.

        Raises:
            LabError: another lab of this site runs, or a device cannot be started; nothing is left running then.
        """
        self.folder.make()
        self._lock = await _take(self.folder)
        try:
            # What a killed lab may have left.
            withdraw(self.folder)
            await asyncio.to_thread(clear, self.folder.hosts)
            if reset and self.folder.state.exists():
                shutil.rmtree(self.folder.state)
            await self._start_all()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Withdraw the overlay, stop every device, give the lock back. What the devices remember stays."""
        if self._lock is not None:
            withdraw(self.folder)
        stopping = [each.stop() for each in self._running] + [self._control.stop()]
        for outcome in await asyncio.gather(*(asyncio.wait_for(each, _STOP_S) for each in stopping), return_exceptions=True):
            if isinstance(outcome, BaseException):
                _log.warning("a device did not stop in order: %r", outcome)
        self._running.clear()
        if self._hosts is not None:
            for outcome in await asyncio.gather(self._hosts.stop(), return_exceptions=True):
                if isinstance(outcome, BaseException):
                    _log.warning("the hosts did not stop in order: %r", outcome)
            self._hosts = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def _start_all(self) -> None:
        make_secrets(self._site, self.folder)
        self.folder.state.mkdir(exist_ok=True, mode=0o700)
        authority = Authority(self.folder.trust)
        ports = Ports(self.folder.ports)
        listening = await self._start_devices(authority, ports)
        token = secrets.token_urlsafe(32)
        write_private(self.folder.token, token + "\n")
        control_port = await self._control.start(HOST, ports.wanted("control"), token)
        ports.remember({"control": control_port} | {each.device.name: each.port for each in listening})
        publish(self._site, self.folder, listening, hosts=self._hosts.stand_in if self._hosts else None)
        record = {
            "pid": os.getpid(),
            "started": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "control": {"host": HOST, "port": control_port, "token_file": str(self.folder.token)},
            "embedded": self._embedded,
            "without": sorted(self._without),
        }
        write_private(self.folder.record, json.dumps(record, indent=1) + "\n")
        _log.info("%d devices listen", len(listening))

    async def _start_devices(self, authority: Authority, ports: Ports) -> list[Listening]:
        """Start everything: what is a real program takes seconds, and comes up while the emulators do."""
        wanted = devices(self._site, self._without, hosts=self._has_hosts, machines=self._machines)
        hosts = [each for each in wanted if each.kind == "host"]
        slow = [asyncio.create_task(self._start_several([each], authority, ports)) for each in wanted if each.is_real]
        slow += [asyncio.create_task(self._start_hosts(hosts, ports))] if hosts else []
        try:
            emulated = [each for each in wanted if not each.is_real and each.kind != "host"]
            listening = await self._start_several(emulated, authority, ports)
            return listening + [started for each in slow for started in await each]
        except BaseException:
            for each in slow:
                each.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
            raise

    async def _start_hosts(self, wanted: list[LabDevice], ports: Ports) -> list[Listening]:
        from infra_kit.lab.hosts.site_hosts import PACKAGES_PORT, SERVICES, SiteHosts

        self._hosts = SiteHosts(self._site, self.folder, self._login(self._site.operating_system.ssh_credential), self._machines)
        await self._hosts.start()
        if self._hosts.mirror is not None:
            self._control.add(self._hosts.mirror, Listening(MIRROR, str(SERVICES), PACKAGES_PORT))
        return [await self._listen(each, self._hosts.device(each), ports) for each in wanted]

    async def _start_several(self, wanted: list[LabDevice], authority: Authority, ports: Ports) -> list[Listening]:
        return [await self._listen(each, self._build(each, authority), ports) for each in wanted]

    def _login(self, credential: str) -> Login:
        return Login(self._site.credential_by_name[credential].user, password_of(self._site, self.folder, credential))

    def _build(self, device: LabDevice, authority: Authority) -> Emulator:
        by_ssh = device.protocol == "ssh"
        emulator = device.build(
            self._site,
            login=self._login(device.credential),
            tls=None if by_ssh else authority.issue(device.name, HOST),
            host_key=host_key(self.folder.host_key(device.name)) if by_ssh else None,
            state_file=self.folder.state / f"{device.name}.json",
        )
        if self._has_hosts and device.kind == "onefs":
            cast("OnefsArray", emulator).materialise(self.folder.exports)
        return emulator

    async def _listen(self, device: LabDevice, emulator: Emulator, ports: Ports) -> Listening:
        try:
            port = await emulator.start(HOST, ports.wanted(device.name))
        except OSError as error:
            raise LabError(f"the emulated device cannot listen: {error}", where=device.name) from error
        self._running.append(emulator)
        listening = Listening(device, HOST, port)
        self._control.add(emulator, listening)
        return listening


async def _take(folder: LabFolder) -> IO[str]:
    """The lab's lock; the operating system gives it back however the process ends."""
    lock = folder.lock.open("a")
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Whoever only asks whether a lab runs holds the lock for an instant.
            await asyncio.sleep(_LOCK_PAUSE_S)
        else:
            return lock
    lock.close()
    remedy = f"`infra-kit lab status {folder.site}` shows it, `infra-kit lab down {folder.site}` ends it"
    raise LabError("a lab runs already for this site", where=str(folder.site), remedy=remedy)

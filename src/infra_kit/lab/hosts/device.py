"""Hosts as devices of a lab: listening on loopback, told to misbehave, changed behind infra-kit's back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import LabError
from infra_kit.lab.faults import ApiFaults, Events, HostFaults
from infra_kit.lab.hosts.forwarder import Forwarder
from infra_kit.lab.hosts.greeting import SSH

if TYPE_CHECKING:
    from ipaddress import IPv4Address

    from infra_kit.lab.hosts.computer import Computer
    from infra_kit.lab.hosts.namespace import Namespace

_API_SERVER = 6443


class HostDevice:
    """A host and the way to its SSH server.

    Args:
        name: what it is called under the lab's control.
        host: the host, which is already up.
        namespace: the fabric's.
    """

    protocol = "ssh"

    def __init__(self, name: str, host: Computer, namespace: Namespace) -> None:
        """Does not listen yet."""
        self.name = name
        self.events = Events()
        self._faults = HostFaults()
        self._host = host
        self._forwarder = Forwarder(namespace, str(host.spec.address), SSH, self._admits)

    @property
    def faults(self) -> HostFaults:
        """What it suffers."""
        self._faults.powered_off = self._host.is_off
        return self._faults

    async def start(self, host: str, port: int) -> int:
        """Listen on a loopback address; port 0 takes a free one. Gives the port."""
        return await self._forwarder.start(host, port)

    async def stop(self) -> None:
        """Close the listener and every connection; the host itself ends with all of them."""
        await self._forwarder.stop()

    async def feel_faults(self) -> None:
        """Bring the host to what its faults say; where it shall run, it answers when this returns.

        Raises:
            LabError: it does not come back.
        """
        faults, host = self._faults, self._host
        returns = host.is_off and not faults.powered_off
        if faults.powered_off:
            await host.power_off()
        await (host.cut() if faults.unreachable else host.mend())
        await host.power_on() if returns else None
        await (host.freeze() if faults.stopped else host.thaw())
        if returns and not faults.unreachable and not faults.stopped:
            await host.ready()

    async def tamper(self, change: dict[str, Any]) -> None:
        """Run `command`, a shell command, as root at its console.

        Raises:
            ValueError: something else is asked for, or the command failed; with its words.
        """
        command = change.get("command")
        if not isinstance(command, str) or len(change) != 1:
            msg = 'a host knows one change: {"command": "a shell command, run as root"}'
            raise ValueError(msg)
        try:
            await self._host.execute(command)
        except LabError as error:
            raise ValueError(str(error)) from error

    def _admits(self) -> bool:
        self.events.add("connect", "ssh")
        return not self._faults.unreachable


class ApiDevice:
    """The way to the virtual address of the API servers that hosts run.

    Args:
        name: what the cluster is called among the devices.
        address: the virtual address, whoever holds it.
        namespace: the fabric's.
    """

    protocol = "kubernetes"

    def __init__(self, name: str, address: IPv4Address, namespace: Namespace) -> None:
        """Does not listen yet."""
        self.name = name
        self.faults = ApiFaults()
        self.events = Events()
        self._forwarder = Forwarder(namespace, str(address), _API_SERVER, self._admits)

    async def start(self, host: str, port: int) -> int:
        """Listen on a loopback address; port 0 takes a free one. Gives the port."""
        return await self._forwarder.start(host, port)

    async def stop(self) -> None:
        """Close the listener and every connection."""
        await self._forwarder.stop()

    def tamper(self, change: dict[str, Any]) -> None:
        """Not here: they are real API servers.

        Raises:
            ValueError: always, with the way that there is.
        """
        del change
        msg = "the API servers run on hosts: change things there, or with a kubectl of the cluster's administrator"
        raise ValueError(msg)

    def _admits(self) -> bool:
        self.events.add("connect", "kubernetes")
        return not self.faults.unreachable

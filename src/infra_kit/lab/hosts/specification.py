"""What lab hosts and their fabric shall be; of a site or of anything else."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.lab.emulator import Login


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A broadcast domain: a bridge of the fabric."""

    name: str
    subnet: IPv4Network
    gateway: IPv4Address | None
    """The fabric's own address in it; none: nothing routes it."""
    mtu: int


@dataclass(frozen=True, slots=True)
class Route:
    """What the fabric reaches by a host."""

    prefix: IPv4Network
    next_hop: IPv4Address


@dataclass(frozen=True, slots=True)
class FabricSpec:
    """The switches between the hosts: networks, what is routed to hosts, and the addresses of the lab's own services."""

    networks: tuple[NetworkSpec, ...]
    routes: tuple[Route, ...] = ()
    services: tuple[IPv4Address, ...] = ()
    """Addresses that every host reaches by its gateway; `Namespace.listen` serves there."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A host's interface in one network."""

    interface: str
    network: str
    address: IPv4Address
    mac: str = ""
    """Empty: one that follows from the host's name, so that it is the same after a reboot."""
    vlan: int = 0
    """Tag of its frames on the cable of a machine; 0: none. A container's interface is always a cable of its own."""


@dataclass(frozen=True, slots=True)
class Card:
    """A port of a machine's network cards; it is the port of a switch."""

    name: str
    mac: str


@dataclass(frozen=True, slots=True)
class Disks:
    """Data disks that are alike."""

    size_gb: float
    """As their maker says."""
    rotational: bool = False
    count: int = 1


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """What a host that is a virtual machine has."""

    cards: tuple[Card, ...]
    """All are links of one port-channel. The first has the address of the first attachment at first; the rest is the roles' to make."""
    memory_mib: int
    disks: tuple[Disks, ...] = ()
    """Its data disks."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a host's programs are shown; what it can really use is the machine's."""

    sockets: int
    cores: int
    """Of one socket."""
    threads: int
    """Of one core."""
    memory_kib: int
    processor: str
    """Model name."""


@dataclass(frozen=True, slots=True)
class HostSpec:
    """One host.

    Args:
        name: its host name.
        attachments: its interfaces; the first one's network has its default route.
        login: an account that may become root by sudo with its password.
        host_key: the private SSH host key it presents (Ed25519, OpenSSH form).
        capacity: None: the machine's own.
        root_filesystem: the variant that it begins with.
        machine: where it is a virtual machine, and no container.
    """

    name: str
    attachments: tuple[Attachment, ...]
    login: Login
    host_key: Path
    capacity: Capacity | None = None
    root_filesystem: str = "prepared"
    machine: MachineSpec | None = None

    @property
    def address(self) -> IPv4Address:
        """Where it is reached by SSH."""
        return self.attachments[0].address

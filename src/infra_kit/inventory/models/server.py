"""Servers: role, model, profile, place, BMC, NICs and their cabling, bonds."""

from __future__ import annotations

from typing import Literal

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import GB, Address, GiB, LagId, Mac, Name, PortName, PositiveCount, RackUnit, ServiceTag, SpeedGbps

ServerRole = Literal["master", "utility", "edge", "worker", "gpu-worker"]


class Processors(Noun):
    """The sockets that are filled."""

    model: str
    count: PositiveCount
    cores: PositiveCount
    """Cores of one processor."""


class Memory(Noun):
    """The DIMMs that are fitted: `dimms` modules of `dimm_gib` each."""

    dimms: PositiveCount
    dimm_gib: GiB

    @property
    def total_gib(self) -> int:
        """All modules together, GiB."""
        return self.dimms * self.dimm_gib


class Disks(Noun):
    """A group of like drives and what they are for."""

    purpose: Literal["boot", "data", "spill", "metadata"]
    bay: Literal["boss", "2.5", "3.5", "nvme"]
    media: Literal["hdd", "ssd", "nvme", "m.2"]
    count: PositiveCount
    size_gb: GB
    raid: Literal["none", "raid1"] = "none"


class Gpus(Noun):
    """GPUs of one kind in a server; the kind is a key of the hardware catalogue."""

    model: str
    count: PositiveCount


class ServerProfile(Noun):
    """What servers of one kind have inside; a server names its profile."""

    name: Name
    model: str
    """A server model of the hardware catalogue, such as R6515."""
    processors: Processors
    memory: Memory
    disks: list[Disks]
    gpus: Gpus | None = None
    psu_w: PositiveCount
    """Rated output of one power supply, W."""
    bios_profile: str
    """A BIOS profile of the catalogue or of the site."""
    boot_order: list[str] = []
    """Boot options in the wanted order, as Redfish BootOptionReference or boot source names (Hdd, Pxe, ...); empty leaves it alone."""


class Bmc(Noun):
    """The server's iDRAC on the out-of-band network."""

    address: Address
    mac: Mac | None = None
    credential: Name


class Nic(Noun):
    """One port of a network card, and the switch port its cable goes to."""

    name: str
    """The operating system's name of it."""
    mac: Mac
    speed_gbps: SpeedGbps
    switch: Name
    port: PortName


class BondAddress(Noun):
    """The address of a bond in one network."""

    network: Name
    address: Address
    native: bool = False
    """Untagged on the wire."""


class Bond(Noun):
    """NICs bound together by LACP towards one VLT pair."""

    name: str
    members: list[str]
    lag: LagId
    """The port-channel number on both switches of the pair."""
    addresses: list[BondAddress]


class Server(Noun):
    """One machine of the site."""

    name: Name
    role: ServerRole
    profile: Name
    service_tag: ServiceTag
    rack: Name
    unit: RackUnit
    bmc: Bmc
    nics: list[Nic]
    bonds: list[Bond]
    power: Literal["on", "off"] = "on"

"""The form of a hardware fact: a value, where it comes from, and how far it may be trusted."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from infra_kit.inventory.catalog.software import ImageModel, RuntimeModel, Size
from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.models.bios import BiosProfile
from infra_kit.inventory.types import PortGroupName, PortMode, SpeedGbps

Value = TypeVar("Value")


class Figure(Noun, Generic[Value]):
    """One fact.

    `sourced`: a named document says so. `derived`: arithmetic on sourced ones. `verify`: not confirmed, never printed as a fact.
    """

    value: Value
    status: Literal["sourced", "derived", "verify"]
    source: str

    @property
    def confirmed(self) -> bool:
        """Whether the value may be printed as a fact and may make an error."""
        return self.status != "verify"


class ServerModel(Noun):
    """A server model."""

    name: str
    rack_units: Figure[int]
    sockets: Figure[int]
    max_cores_per_socket: Figure[int]
    dimm_slots: Figure[int]
    dimms_per_channel_set: Figure[int]
    """DIMMs that fill every memory channel of one socket once (8 on EPYC 7002/7003)."""
    max_memory_gib: Figure[int]
    memory_speed_mts: Figure[int] | None = None
    drive_bays: Figure[dict[str, int]]
    """Form factor (2.5, 3.5, nvme, boss) -> the largest number of bays that a chassis variant offers."""
    max_double_wide_gpus: Figure[int]
    max_single_wide_gpus: Figure[int]
    pcie_slots: Figure[int] | None = None
    pcie_lanes: Figure[int] | None = None
    lom_ports: Figure[int] | None = None
    """1GbE ports on the board, without the dedicated iDRAC port."""
    ocp_nic: Figure[bool] | None = None
    boot_device: Figure[str] | None = None
    storage_controllers: Figure[list[str]] | None = None
    bmc: Figure[str] | None = None
    tpm: Figure[str] | None = None
    psu_bays: Figure[int]
    psu_options_w: Figure[list[int]]
    idle_w: Figure[int]
    """Consumption without processors' load, GPUs and drives, W."""


class PortRange(Noun):
    """Consecutive ports of one form."""

    first: int
    last: int
    speed_gbps: SpeedGbps
    form: Literal["SFP28", "QSFP28-DD", "QSFP28", "QSFP56-DD", "SFP+"]


class PortGroupModel(Noun):
    """A port-group and the modes it takes."""

    group: PortGroupName
    ports: list[int]
    modes: list[PortMode]
    default: PortMode
    """The mode of a factory-fresh switch."""
    suffixed: list[PortMode] = []
    """Modes in which OS10 names the one interface of a port with `:1`."""


class BreakoutModel(Noun):
    """Ports that `interface breakout` splits, and the modes they take."""

    first: int
    last: int
    modes: list[PortMode]
    default: PortMode
    """The mode of a factory-fresh switch."""


class SwitchModel(Noun):
    """A switch model as OS10 numbers it; `catalog.ports` says which interfaces exist in which modes."""

    name: str
    asic: Figure[str] | None = None
    rack_units: Figure[int]
    ports: Figure[list[PortRange]]
    port_groups: Figure[list[PortGroupModel]]
    breakouts: Figure[list[BreakoutModel]]
    vlt_interconnect_ports: Figure[list[int]]
    """Ports meant for the VLT interconnect; empty where none are."""
    max_breakout_interfaces: Figure[int | None]
    """How many interfaces the switch runs in all, broken out or not; none where no limit is known."""
    capacity_gbps: Figure[int] | None = None
    """Full duplex, both directions counted."""
    typical_w: Figure[int] | None = None
    max_w: Figure[int]
    psu_bays: Figure[int]
    fan_drawers: Figure[int] | None = None
    max_mtu: Figure[int]
    ip_mtu_overhead: Figure[int] | None = None
    """How much smaller the IP MTU is than the interface's, bytes."""


class ProtectionLayout(Noun):
    """One protection level: D = min(b * nodes - m, 16) data units and m protection units a stripe."""

    level: str
    b: int
    m: int
    min_nodes: int
    confirmed: bool = True
    """Whether the smallest number of nodes comes from a document."""


class ArrayModel(Noun):
    """A PowerScale node type and its chassis."""

    name: str
    rack_units: Figure[int]
    nodes_per_chassis: Figure[int]
    min_nodes: Figure[int]
    max_nodes: Figure[int]
    drives_per_node: Figure[int]
    drive_options_tb: Figure[list[float]]
    memory_per_node_gib: Figure[int] | None = None
    cores_per_node: Figure[int] | None = None
    front_end_speeds_gbps: Figure[list[int]]
    max_front_end_ports: Figure[int]
    max_mtu: Figure[int]
    max_w: Figure[int]
    onefs_releases: Figure[list[str]] | None = None
    """The releases whose platform API is known; none: not checked."""
    protection: Figure[list[ProtectionLayout]]


class GpuModel(Noun):
    """A GPU board."""

    name: str
    width: Figure[Literal["single", "double"]]
    memory_gib: Figure[int]
    max_w: Figure[int]


class ProcessorModel(Noun):
    """A processor."""

    name: str
    cores: Figure[int]
    max_w: Figure[int]
    max_sockets: Figure[int] | None = None


class CatalogFile(Noun):
    """One file of the catalogue: any of its sections."""

    servers: list[ServerModel] = []
    switches: list[SwitchModel] = []
    arrays: list[ArrayModel] = []
    gpus: list[GpuModel] = []
    processors: list[ProcessorModel] = []
    bios_profiles: list[BiosProfile] = []
    images: list[ImageModel] = []
    runtimes: list[RuntimeModel] = []
    sizes: list[Size] = []

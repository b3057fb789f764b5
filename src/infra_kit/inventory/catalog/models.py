"""The form of a hardware fact: a value, where it comes from, and how far it may be trusted."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import PortMode, SpeedGbps

Value = TypeVar("Value")


class Figure(Noun, Generic[Value]):
    """One fact. `sourced`: a named document says so. `derived`: arithmetic on sourced ones. `verify`: not confirmed, never printed as a fact."""

    value: Value
    status: Literal["sourced", "derived", "verify"]
    source: str


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
    drive_bays: Figure[dict[str, int]]
    """Form factor (2.5, 3.5, nvme, boss) -> the largest number of bays that a chassis variant offers."""
    max_double_wide_gpus: Figure[int]
    max_single_wide_gpus: Figure[int]
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

    group: str
    ports: list[int]
    modes: list[PortMode]


class BreakoutModel(Noun):
    """Ports that `interface breakout` splits, and the modes they take."""

    first: int
    last: int
    modes: list[PortMode]


class SwitchModel(Noun):
    """A switch model as OS10 numbers it."""

    name: str
    rack_units: Figure[int]
    ports: Figure[list[PortRange]]
    port_groups: Figure[list[PortGroupModel]]
    breakouts: Figure[list[BreakoutModel]]
    vlt_interconnect_ports: Figure[list[int]]
    """Ports meant for the VLT interconnect; empty where none are."""
    max_breakout_interfaces: Figure[int | None]
    max_w: Figure[int]
    psu_bays: Figure[int]
    max_mtu: Figure[int]


class ProtectionLayout(Noun):
    """One protection level: D = min(b * nodes - m, 16) data units and m protection units a stripe."""

    level: str
    b: int
    m: int
    min_nodes: int


class ArrayModel(Noun):
    """A PowerScale node type and its chassis."""

    name: str
    rack_units: Figure[int]
    nodes_per_chassis: Figure[int]
    min_nodes: Figure[int]
    max_nodes: Figure[int]
    drives_per_node: Figure[int]
    drive_options_tb: Figure[list[float]]
    front_end_speeds_gbps: Figure[list[int]]
    max_front_end_ports: Figure[int]
    max_mtu: Figure[int]
    max_w: Figure[int]
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

"""Switches: leaf and spine, their place, breakout, VLT, LAGs, uplinks and routing."""

from __future__ import annotations

from typing import Literal

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import (
    Address,
    Asn,
    InterfaceAddress,
    LagId,
    Mac,
    Name,
    PortGroupName,
    PortMode,
    PortName,
    RackUnit,
    ServiceTag,
    Subnet,
)

SwitchRole = Literal["leaf", "spine"]


class SwitchManagement(Noun):
    """The management port on the out-of-band network."""

    address: Address
    credential: Name


class PortGroup(Noun):
    """The mode of a port-group (S5248F-ON)."""

    group: PortGroupName
    mode: PortMode


class Breakout(Noun):
    """The breakout of one port (Z9432F-ON, and the QSFP28 ports of the S5248F-ON)."""

    port: PortName
    mode: PortMode


class Vlt(Noun):
    """This switch's half of a VLT pair; both halves are written out so that their symmetry can be checked."""

    pair: Name
    """The pair's name; networks refer to it."""
    domain: int
    peer: Name
    interconnect_ports: list[PortName]
    backup_destination: Address
    """The peer's management address: the heartbeat's way beside the interconnect."""
    primary_priority: int
    """The lower one becomes primary (1 to 65535)."""
    mac: Mac
    """The pair's own MAC address, the same on both."""


class Vlan(Noun):
    """A network present on this switch; with an address it is routed here, its gateway held by VRRP."""

    network: Name
    address: Address | None = None
    vrrp_group: int | None = None
    vrrp_priority: int | None = None


class Lag(Noun):
    """A port-channel; on a leaf it is a VLT port-channel with the same number on the peer."""

    id: LagId
    description: str
    ports: list[PortName]
    networks: list[Name]
    """Tagged networks."""
    native: Name | None = None
    """The untagged network."""
    lacp: Literal["active", "static"] = "active"
    fallback: bool = False
    """LACP fallback, so that a host can boot from the network before its bond is up."""


class Link(Noun):
    """A routed point-to-point link to another switch; both ends are written out."""

    port: PortName
    peer: Name
    peer_port: PortName
    address: InterfaceAddress
    optic: str = ""


class StaticRoute(Noun):
    """A static route, for what lies beyond the fabric."""

    prefix: Subnet
    next_hop: Address


class Bgp(Noun):
    """The switch's own BGP identity; neighbours follow from the links."""

    asn: Asn
    router_id: Address


class Switch(Noun):
    """One switch of the fabric."""

    name: Name
    role: SwitchRole
    model: str
    """A switch model of the hardware catalogue, such as S5248F-ON."""
    service_tag: ServiceTag
    rack: Name
    unit: RackUnit
    management: SwitchManagement
    scope: Literal["device"] | list[str] = "device"
    """What infra-kit manages: the whole device, or the named configuration sections; the rest is left alone."""
    port_groups: list[PortGroup] = []
    breakouts: list[Breakout] = []
    vlt: Vlt | None = None
    vlans: list[Vlan] = []
    lags: list[Lag] = []
    links: list[Link] = []
    bgp: Bgp | None = None
    static_routes: list[StaticRoute] = []

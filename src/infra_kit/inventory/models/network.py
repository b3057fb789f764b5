"""Networks: a VLAN, its subnet, its gateway, its MTU and the ranges set aside in it."""

from __future__ import annotations

from typing import Literal

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Address, Mtu, Name, Subnet, VlanId

NetworkPurpose = Literal["out-of-band", "cluster-data", "storage-front-end", "uplink", "vlt-peering"]


class AddressRange(Noun):
    """An inclusive range of addresses set aside for one use."""

    name: Name
    first: Address
    last: Address


class Network(Noun):
    """One broadcast domain. With a routed underlay each leaf pair has its own cluster-data network."""

    name: Name
    purpose: NetworkPurpose
    vlan: VlanId | None = None
    """The VLAN on the leaf pair; none for the out-of-band network, whose switches are outside the reference design."""
    subnet: Subnet
    gateway: Address | None = None
    mtu: Mtu
    """MTU of the hosts in it, in bytes."""
    leaf_pair: Name | None = None
    """The VLT pair that carries it; none for the out-of-band network."""
    ranges: list[AddressRange] = []

"""The Kubernetes platform: versions, address ranges, which servers are its nodes."""

from __future__ import annotations

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Address, CpuQuantity, MemoryQuantity, Name, PositiveCount, Subnet


class Reserved(Noun):
    """What a node keeps for the system and the kubelet."""

    cpu: CpuQuantity
    memory: MemoryQuantity


class Kubernetes(Noun):
    """One cluster over chosen servers."""

    version: str
    pod_cidr: Subnet
    service_cidr: Subnet
    api_address: Address
    """The virtual address of the API server."""
    control_plane: list[Name]
    workers: list[Name]
    max_pods: PositiveCount = 110
    reserved: Reserved
    registry_mirror: str = ""

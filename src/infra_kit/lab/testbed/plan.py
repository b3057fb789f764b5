"""What a testbed shall be: a document that a scenario writes."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from pydantic import ValidationError

from infra_kit.inventory.errors import LabError
from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Address, PositiveCount, Subnet

SERVICES = IPv4Address("10.10.0.80")
"""Where hosts reach the testbed's package mirror and image registry."""


class TestNetwork(Noun):
    """A network; the fabric is its gateway and routes between all of them."""

    __test__ = False  # its name is no test's

    name: str
    subnet: Subnet
    gateway: Address
    mtu: int = 9000


class TestDisks(Noun):
    """Data disks of a machine that are alike."""

    __test__ = False

    size_gb: float
    rotational: bool = False
    count: PositiveCount = 1


class TestVlan(Noun):
    """What a tag on a machine's cable means."""

    __test__ = False

    vlan: PositiveCount
    address: Address
    """Of the host, in one of the networks. The roles make it; the machine begins without."""


class TestMachine(Noun):
    """What a virtual machine has."""

    __test__ = False

    memory_mib: PositiveCount | None = None
    """None: what is usual."""
    cards: list[str] = []
    """Names of its network cards, links of one port-channel; none: one card that is called as its interface."""
    vlans: list[TestVlan] = []
    disks: list[TestDisks] = []


class TestHost(Noun):
    """A container, or a virtual machine."""

    __test__ = False

    name: str
    address: Address
    """In one of the networks; where it is reached by SSH."""
    interface: str = "bond0"
    root_filesystem: str = "prepared"
    """Of a container."""
    machine: TestMachine | None = None
    """None: it is a container."""
    pods: Subnet | None = None
    """The fabric routes it to the host."""


class Forward(Noun):
    """Something of the fabric that is reached on a loopback port."""

    address: Address
    port: PositiveCount


class TestbedPlan(Noun):
    """The whole document."""

    __test__ = False

    hosts: list[TestHost]
    networks: list[TestNetwork] = [
        TestNetwork(name="data01", subnet=IPv4Network("10.21.1.0/24"), gateway=IPv4Address("10.21.1.1")),
        TestNetwork(name="data02", subnet=IPv4Network("10.21.2.0/24"), gateway=IPv4Address("10.21.2.1")),
    ]
    user: str
    password: str
    """Of the account that becomes root; for the scenarios alone."""
    packages: bool = False
    """Whether there is a package mirror."""
    images: list[Literal["kubernetes"]] = []
    """Sets of images in the registry; none: there is no registry."""
    kubernetes: list[str] = []
    """Versions whose packages and images are there; empty: the lab's own."""
    forwards: dict[str, Forward] = {}
    """By name, beside every host's SSH."""

    def network_of(self, address: IPv4Address) -> TestNetwork:
        """The network that an address is in.

        Raises:
            LookupError: none.
        """
        found = next((each for each in self.networks if address in each.subnet), None)
        if found is None:
            raise LookupError(f"{address} is in none of the testbed's networks")
        return found


def read(document: str) -> TestbedPlan:
    """A plan from its JSON.

    Raises:
        LabError: it is none; with what is wrong.
    """
    try:
        return TestbedPlan.model_validate(json.loads(document))
    except (ValueError, ValidationError) as error:
        raise LabError(f"the testbed's plan is not valid: {error}", remedy="mend `platforms` of the scenario's molecule.yml") from error

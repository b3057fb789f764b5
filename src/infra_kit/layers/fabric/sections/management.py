"""The management port, its VRF and its default route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class Management:
    """What the management template prints."""

    address: str
    gateway: str
    vrf: bool


def build(facts: SwitchFacts) -> Management | None:
    """The address with the out-of-band network's prefix length; no section where no network holds the address."""
    network = facts.management_network
    if network is None:
        return None
    address = f"{facts.switch.management.address}/{network.subnet.prefixlen}"
    return Management(address, str(facts.management_gateway or ""), facts.site.fabric.management_vrf)


SECTION = Section("management", build, (r"interface mgmt", r"management route ", r"ip vrf management$"))

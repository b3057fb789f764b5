"""A whole new site as nouns."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Literal

from infra_kit.inventory.scaffold import array
from infra_kit.inventory.scaffold.addresses import AddressPlan
from infra_kit.inventory.scaffold.machines import machines, profiles
from infra_kit.inventory.scaffold.networks import VIRTUAL_START, networks
from infra_kit.inventory.scaffold.racking import racking
from infra_kit.inventory.scaffold.servers import servers
from infra_kit.inventory.scaffold.switches import FabricBuilder

if TYPE_CHECKING:
    from infra_kit.inventory.models.network import Network
    from infra_kit.inventory.models.rack import Rack
    from infra_kit.inventory.models.server import Server, ServerProfile
    from infra_kit.inventory.models.storage import Storage
    from infra_kit.inventory.models.switch import Switch
    from infra_kit.inventory.scaffold.counts import Counts

Access = Literal["live", "lab"]

DNS_SERVERS = ["10.10.0.53", "10.10.1.53"]
_BASES = {1: 20, 2: 40}
"""Second octet of the first of a site's four /16; the two configurations differ, so that both can run in one data centre."""


@dataclass(frozen=True, slots=True)
class Design:
    """Everything that the templates print."""

    name: str
    access: Access
    counts: Counts
    domain: str
    networks: list[Network]
    racks: list[Rack]
    profiles: list[ServerProfile]
    servers: list[Server]
    switches: list[Switch]
    storage: Storage | None
    kubernetes_api: IPv4Address
    dns_servers: list[str]

    def named(self, *roles: str) -> list[str]:
        """Names of the servers with these roles."""
        return [server.name for server in self.servers if server.role in roles]


def design(name: str, counts: Counts, access: Access) -> Design:
    """Derive racks, leaf pairs, cabling and addresses from the counts.

    Args:
        name: the site's name.
        counts: the servers of each role.
        access: how the site's devices are reached.
    """
    plan = AddressPlan(_BASES[counts.configuration], counts.servers)
    found = machines(counts)
    places = racking(counts, found, [array.chassis_name(pair) for pair in range(counts.chassis)])
    used = {machine.profile.name for machine in found}
    domain = f"{name}.example.internal"
    dns_servers = [IPv4Address(address) for address in DNS_SERVERS]
    return Design(
        name=name,
        access=access,
        counts=counts,
        domain=domain,
        networks=networks(counts, plan),
        racks=places.racks,
        profiles=[profile for profile in profiles().values() if profile.name in used],
        servers=servers(found, plan, places),
        switches=FabricBuilder(counts, found, plan, places, array.NAME).switches(),
        storage=array.storage(counts, plan, places, domain, dns_servers) if counts.chassis else None,
        kubernetes_api=plan.cluster_data(0)[VIRTUAL_START],
        dns_servers=DNS_SERVERS,
    )

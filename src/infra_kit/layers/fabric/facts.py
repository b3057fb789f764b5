"""What follows from the site for one switch; sections read it, none computes it twice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from infra_kit.inventory.catalog.ports import interface_speeds
from infra_kit.inventory.models.switch import StaticRoute
from infra_kit.inventory.pod_network import pod_routes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address

    from infra_kit.inventory.models.network import Network
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Lag, Switch

Cabling = dict[tuple[str, str], str]
"""(switch, port) -> what its cable goes to."""

_NUMBERS = re.compile(r"(\d+)")
_PORT = re.compile(r"(\d+)/(\d+)/(\d+)")


def cabling(site: Site) -> Cabling:
    """Every host and array cable of the site, by switch port."""
    found: Cabling = {}
    for server in site.servers:
        for nic in server.nics:
            found[nic.switch, nic.port] = f"{server.name} {nic.name}"
    for chassis in site.storage.chassis if site.storage else ():
        for node in chassis.nodes:
            for port in node.ports:
                found[port.switch, port.port] = f"{site.storage.name if site.storage else ''} node {node.lnn} {port.interface}"
    return found


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key that orders 1/1/2 before 1/1/10."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in _NUMBERS.split(text) if part)


def marker(reference: str) -> str:
    """What stands for a secret in every text but the one on the wire."""
    return f"«{reference}»"


@dataclass(frozen=True)
class SwitchFacts:
    """A switch and what the rest of the site says about it."""

    site: Site
    switch: Switch
    cables: Cabling

    @cached_property
    def interfaces(self) -> list[str]:
        """The ethernet interfaces that exist in the wanted port modes, in the switch's order."""
        switch = self.switch
        model = self.site.catalog.switches[switch.model]
        groups = {group.group: group.mode for group in switch.port_groups}
        return sorted(interface_speeds(model, groups, {each.port: each.mode for each in switch.breakouts}), key=natural)

    @cached_property
    def networks(self) -> Mapping[str, Network]:
        """The site's networks by name."""
        return self.site.network_by_name

    @cached_property
    def static_routes(self) -> list[StaticRoute]:
        """The switch's own, and those to the pods of the nodes in the networks that it routes, by prefix."""
        routed = {vlan.network for vlan in self.switch.vlans if vlan.address is not None}
        to_pods = [StaticRoute(prefix=each.prefix, next_hop=each.next_hop) for each in pod_routes(self.site) if each.network in routed]
        return sorted([*self.switch.static_routes, *to_pods], key=lambda route: (route.prefix, route.next_hop))

    @cached_property
    def peer(self) -> Switch | None:
        """The other half of the VLT pair."""
        return self.site.switch_by_name.get(self.switch.vlt.peer) if self.switch.vlt else None

    @cached_property
    def management_network(self) -> Network | None:
        """The out-of-band network that the management port is on."""
        address = self.switch.management.address
        return next((network for network in self.site.networks if address in network.subnet), None)

    @cached_property
    def management_gateway(self) -> IPv4Address | None:
        """The gateway of the network that the fabric names for its management route."""
        name = self.site.fabric.management_gateway_network
        return self.networks[name].gateway if name is not None and name in self.networks else None

    @cached_property
    def member_ports(self) -> dict[str, Lag]:
        """Port -> the LAG it is a member of."""
        return {port: lag for lag in self.switch.lags for port in lag.ports}

    def vlan_id(self, network: str) -> int:
        """The VLAN of a network; 1, the default VLAN, for one without."""
        return self.networks[network].vlan or 1

    def cable(self, port: str) -> str:
        """What the port's cable goes to, or nothing."""
        return self.cables.get((self.switch.name, port), "")


def vlan_ranges(numbers: set[int]) -> str:
    """A set of VLANs as OS10 writes it: `5,11-13`."""
    parts: list[str] = []
    start: int | None = None
    for number in sorted(numbers):
        start = number if start is None else start
        if number + 1 not in numbers:
            parts.append(str(start) if start == number else f"{start}-{number}")
            start = None
    return ",".join(parts)


def port_ranges(ports: list[str]) -> list[str]:
    """Ports as OS10 writes them in a list: `ethernet1/1/49-1/1/52`; lanes of a broken-out port stand alone."""
    ranges: list[str] = []
    run: list[str] = []
    for port in [*sorted(ports, key=natural), ""]:
        if run and not _follows(run[-1], port):
            ranges.append(f"ethernet{run[0]}" if len(run) == 1 else f"ethernet{run[0]}-{run[-1]}")
            run = []
        run.append(port)
    return ranges


def _follows(first: str, second: str) -> bool:
    if ":" in first or ":" in second or not second:
        return False
    return int(second.rpartition("/")[2]) == int(first.rpartition("/")[2]) + 1


def expanded(ports: str) -> list[str]:
    """`ethernet1/1/49-1/1/52` as single ports."""
    found: list[str] = []
    for part in ports.replace("ethernet", "").split(","):
        first, _, last = part.partition("-")
        match = _PORT.fullmatch(first)
        if match and last:
            found.extend(f"{match[1]}/{match[2]}/{number}" for number in range(int(match[3]), int(last.rpartition("/")[2]) + 1))
        elif first:
            found.append(first)
    return found

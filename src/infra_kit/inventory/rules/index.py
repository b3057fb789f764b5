"""Look-ups that many rules share, each made once, when the first rule asks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from infra_kit.inventory.catalog.ports import interface_speeds
from infra_kit.inventory.rules.capacity import Allocatable, allocatable, allocatable_of_workers
from infra_kit.inventory.rules.estimates import server_watts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.catalog.models import ArrayModel, ServerModel, SwitchModel
    from infra_kit.inventory.models.base import Noun
    from infra_kit.inventory.models.network import Network
    from infra_kit.inventory.models.server import Bond, Nic, Server, ServerProfile
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.storage import ArrayNode, Chassis
    from infra_kit.inventory.models.switch import Lag, Link, Switch


@dataclass(frozen=True, slots=True)
class Claim:
    """A cable's end, or the interconnect, on a switch port."""

    switch: str
    port: str
    at: Noun
    field: str | tuple[str | int, ...]
    owner: str
    speed_gbps: int | None


@dataclass(frozen=True, slots=True)
class AddressUse:
    """One address in use; `value` is the address as a number."""

    value: int
    text: str
    at: Noun
    field: str | tuple[str | int, ...]
    owner: str


@dataclass(frozen=True, slots=True)
class Span:
    """A network's addresses as numbers, both ends included."""

    first: int
    last: int
    network: Network

    def holds(self, value: int) -> bool:
        """Whether the address is one of them."""
        return self.first <= value <= self.last


@dataclass(frozen=True, slots=True)
class Bundle:
    """A device's end of a port-channel: a server's bond or an array node, and the switch ports its members are cabled to."""

    at: Noun
    lag: int
    owner: str
    ends: tuple[tuple[str, str], ...]

    @property
    def switches(self) -> list[str]:
        """The switches that it is cabled to, each once."""
        return sorted({switch for switch, _ in self.ends})


class Index:
    """The site's objects by what rules look for.

    Args:
        site: the site.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self._interfaces: dict[str, dict[str, int]] = {}
        self._shapes: dict[tuple[object, ...], dict[str, int]] = {}

    def profile(self, server: Server) -> ServerProfile | None:
        """The server's profile, if it exists."""
        return self.site.profile_by_name.get(server.profile)

    def server_model(self, profile: ServerProfile | None) -> ServerModel | None:
        """The catalogue's model of a profile."""
        return self.site.catalog.servers.get(profile.model) if profile else None

    def switch_model(self, switch: Switch) -> SwitchModel | None:
        """The catalogue's model of a switch."""
        return self.site.catalog.switches.get(switch.model)

    @cached_property
    def array_model(self) -> ArrayModel | None:
        """The catalogue's model of the array."""
        return self.site.catalog.arrays.get(self.site.storage.model) if self.site.storage else None

    @cached_property
    def pairs(self) -> dict[str, list[Switch]]:
        """VLT pair -> its switches."""
        pairs: dict[str, list[Switch]] = defaultdict(list)
        for switch in self.site.switches:
            if switch.vlt:
                pairs[switch.vlt.pair].append(switch)
        return dict(pairs)

    @cached_property
    def pair_of(self) -> dict[str, str]:
        """Switch -> its VLT pair; a switch without VLT stands for itself."""
        return {switch.name: switch.vlt.pair if switch.vlt else switch.name for switch in self.site.switches}

    @cached_property
    def spans(self) -> dict[str, Span]:
        """Network -> its addresses as numbers."""
        return {network.name: span_of(network) for network in self.site.networks}

    def interfaces(self, switch: Switch) -> dict[str, int]:
        """The interfaces that exist on a switch in its modes, and their speeds; empty for an unknown model."""
        if switch.name not in self._interfaces:
            self._interfaces[switch.name] = self._shape(switch)
        return self._interfaces[switch.name]

    def _shape(self, switch: Switch) -> dict[str, int]:
        groups = tuple((group.group, group.mode) for group in switch.port_groups)
        breakouts = tuple((each.port, each.mode) for each in switch.breakouts)
        key = (switch.model, groups, breakouts)
        if key not in self._shapes:  # leaves are mostly alike: one calculation serves them all
            model = self.switch_model(switch)
            self._shapes[key] = interface_speeds(model, dict(groups), dict(breakouts)) if model else {}
        return self._shapes[key]

    @cached_property
    def nodes(self) -> list[tuple[Chassis, ArrayNode]]:
        """Every node of the array with its chassis."""
        storage = self.site.storage
        return [(chassis, node) for chassis in storage.chassis for node in chassis.nodes] if storage else []

    @cached_property
    def claims(self) -> list[Claim]:
        """Everything that a cable or the interconnect puts on a switch port."""
        return [*self._server_claims(), *self._array_claims(), *self._switch_claims()]

    def _server_claims(self) -> Iterator[Claim]:
        for server in self.site.servers:
            for nic in server.nics:
                yield Claim(nic.switch, nic.port, nic, "port", f"{nic.name} of server {server.name}", nic.speed_gbps)

    def _array_claims(self) -> Iterator[Claim]:
        for chassis, node in self.nodes:
            for port in node.ports:
                owner = f"{port.interface} of node {node.lnn} in chassis {chassis.name}"
                yield Claim(port.switch, port.port, port, "port", owner, port.speed_gbps)

    def _switch_claims(self) -> Iterator[Claim]:
        for switch in self.site.switches:
            for link in switch.links:
                yield Claim(switch.name, link.port, link, "port", f"the link from {switch.name} to {link.peer}", None)
            if switch.vlt:
                for position, port in enumerate(switch.vlt.interconnect_ports):
                    owner = f"the VLT interconnect of {switch.name}"
                    yield Claim(switch.name, port, switch.vlt, ("interconnect_ports", position), owner, None)

    @cached_property
    def claims_of_switch(self) -> dict[str, list[Claim]]:
        """Switch -> the claims on its ports."""
        grouped: dict[str, list[Claim]] = defaultdict(list)
        for claim in self.claims:
            grouped[claim.switch].append(claim)
        return grouped

    @cached_property
    def lags(self) -> dict[str, dict[int, Lag]]:
        """Switch -> port-channel number -> port-channel."""
        return {switch.name: {lag.id: lag for lag in switch.lags} for switch in self.site.switches}

    @cached_property
    def vlan_names(self) -> dict[str, set[str]]:
        """Switch -> the networks it carries."""
        return {switch.name: {vlan.network for vlan in switch.vlans} for switch in self.site.switches}

    @cached_property
    def link_at(self) -> dict[tuple[str, str], Link]:
        """(switch, port) -> the link there."""
        return {(switch.name, link.port): link for switch in self.site.switches for link in switch.links}

    @cached_property
    def draws(self) -> dict[str, list[tuple[str, int]]]:
        """Rack -> its devices and what each draws under full load, W: estimates."""
        per_profile = {profile.name: server_watts(profile, self.site.catalog) for profile in self.site.server_profiles}
        draws: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for server in self.site.servers:
            draws[server.rack].append((server.name, per_profile.get(server.profile, 0)))
        for switch in self.site.switches:
            model = self.switch_model(switch)
            draws[switch.rack].append((switch.name, model.max_w.value if model else 0))
        for chassis in self.site.storage.chassis if self.site.storage else []:
            draws[chassis.rack].append((chassis.name, self.array_model.max_w.value if self.array_model else 0))
        return draws

    @cached_property
    def allocatable(self) -> Allocatable:
        """CPU, memory and GPUs of the Kubernetes workers less what each reserves."""
        return allocatable(self.site)

    @cached_property
    def workers(self) -> list[Allocatable]:
        """What each Kubernetes worker can give to pods."""
        return allocatable_of_workers(self.site)

    @cached_property
    def bonds(self) -> list[tuple[Server, Bond, list[Nic]]]:
        """Every bond with its server and the NICs that exist among its members."""
        found: list[tuple[Server, Bond, list[Nic]]] = []
        for server in self.site.servers:
            nics = {nic.name: nic for nic in server.nics}
            found.extend((server, bond, [nics[member] for member in bond.members if member in nics]) for bond in server.bonds)
        return found

    @cached_property
    def bundles(self) -> list[Bundle]:
        """Every device's end of a port-channel."""
        found = [
            Bundle(bond, bond.lag, f"{bond.name} of server {server.name}", tuple((nic.switch, nic.port) for nic in nics))
            for server, bond, nics in self.bonds
        ]
        for chassis, node in self.nodes:
            if node.lag is not None:
                ends = tuple((port.switch, port.port) for port in node.ports)
                found.append(Bundle(node, node.lag, f"node {node.lnn} of {chassis.name}", ends))
        return found

    @cached_property
    def addresses(self) -> list[AddressUse]:
        """Every single address that a device, a gateway or a service of the site holds."""
        return [*self._device_addresses(), *self._network_addresses(), *self._service_addresses()]

    def _device_addresses(self) -> Iterator[AddressUse]:
        for server in self.site.servers:
            yield _use(server.bmc.address, server.bmc, "address", f"the BMC of {server.name}")
            for bond in server.bonds:
                for entry in bond.addresses:
                    yield _use(entry.address, entry, "address", f"{bond.name} of server {server.name}")
        for switch in self.site.switches:
            yield _use(switch.management.address, switch.management, "address", f"the management port of {switch.name}")
            for vlan in switch.vlans:
                if vlan.address is not None:
                    yield _use(vlan.address, vlan, "address", f"the VLAN interface of {switch.name} in {vlan.network}")
            for link in switch.links:
                yield _use(link.address.ip, link, "address", f"the link from {switch.name} to {link.peer}")

    def _network_addresses(self) -> Iterator[AddressUse]:
        for network in self.site.networks:
            if network.gateway is not None:
                yield _use(network.gateway, network, "gateway", f"the gateway of network {network.name}")

    def _service_addresses(self) -> Iterator[AddressUse]:
        storage = self.site.storage
        if storage:
            yield _use(storage.management.address, storage.management, "address", f"the management address of {storage.name}")
            for groupnet in storage.groupnets:
                for subnet in groupnet.subnets:
                    owner = f"the SmartConnect service of {subnet.name}"
                    yield _use(subnet.smartconnect_service_address, subnet, "smartconnect_service_address", owner)
        if self.site.kubernetes:
            yield _use(self.site.kubernetes.api_address, self.site.kubernetes, "api_address", "the Kubernetes API")


def span_of(network: Network) -> Span:
    """The network's first and last address as numbers."""
    return Span(int(network.subnet.network_address), int(network.subnet.broadcast_address), network)


def _use(address: object, at: Noun, field: str, owner: str) -> AddressUse:
    return AddressUse(int(address), str(address), at, field, owner)  # type: ignore[call-overload]

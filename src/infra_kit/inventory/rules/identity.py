"""Names, service tags and MAC addresses are unique; what is named exists."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem, an
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from infra_kit.inventory.models.base import Noun
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Switch
    from infra_kit.inventory.rules.index import Index


def _repeated(items: Iterable[tuple[Hashable, Noun, str]]) -> Iterator[tuple[Hashable, Noun, str, str]]:
    """Items whose key another one had before: key, the later noun, its owner, the first one's owner."""
    first: dict[Hashable, str] = {}
    for key, noun, owner in items:
        if key in first:
            yield key, noun, owner, first[key]
        else:
            first[key] = owner


def _named_lists(site: Site) -> Iterator[tuple[str, Iterable[Noun]]]:
    yield "credential", site.credentials
    yield "network", site.networks
    yield "rack", site.racks
    yield "server profile", site.server_profiles
    yield "BIOS profile", site.bios_profiles
    yield "team", site.teams
    yield "workspace", site.workspaces
    for workspace in site.workspaces:
        yield f"job of workspace {workspace.name}", workspace.jobs
        yield f"model of workspace {workspace.name}", workspace.models
        yield f"application of workspace {workspace.name}", workspace.applications
    if site.kubernetes:
        yield "node group", site.kubernetes.node_groups
    yield "switch user", site.fabric.users
    for rack in site.racks:
        yield f"feed of rack {rack.name}", rack.feeds
    for network in site.networks:
        yield f"range of network {network.name}", network.ranges
    if site.monitoring:
        yield "alert receiver", site.monitoring.receivers
    if site.storage:
        yield from _named_lists_of_storage(site)


def _named_lists_of_storage(site: Site) -> Iterator[tuple[str, Iterable[Noun]]]:
    storage = site.storage
    if storage is None:
        return
    yield "chassis", storage.chassis
    yield "groupnet", storage.groupnets
    yield "access zone", storage.access_zones
    yield "snapshot schedule", storage.snapshot_schedules
    for groupnet in storage.groupnets:
        yield f"subnet of groupnet {groupnet.name}", groupnet.subnets
        for subnet in groupnet.subnets:
            yield f"pool of subnet {subnet.name}", subnet.pools
    for zone in storage.access_zones:
        yield f"group of zone {zone.name}", zone.groups
        yield f"user of zone {zone.name}", zone.users
        yield f"proxy user of zone {zone.name}", zone.proxy_users


@rule("IK1001")
def name_used_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """Two things of one kind have the same name."""
    for kind, nouns in _named_lists(site):
        seen: set[str] = set()
        for noun in nouns:
            name: str = noun.name  # type: ignore[attr-defined]
            if name in seen:
                yield Problem(noun, "name", f"{kind} `{name}` exists already", "give each a name of its own")
            seen.add(name)


@rule("IK1002")
def device_name_used_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """Two devices (servers, switches, array) have the same name; names are host names."""
    devices: list[tuple[Hashable, Noun, str]] = [(server.name, server, f"{an(server.role)} server") for server in site.servers]
    devices += [(switch.name, switch, f"a {switch.role} switch") for switch in site.switches]
    if site.storage:
        devices.append((site.storage.name, site.storage, "the array"))
    for name, noun, owner, other in _repeated(devices):
        message = f"device name `{name}` of {owner} is already that of {other}"
        yield Problem(noun, "name", message, "give each device a name of its own")


@rule("IK1003")
def port_name_used_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """Two NICs or two bonds of one server have the same name."""
    for server in site.servers:
        entries: list[tuple[Hashable, Noun, str]] = [(nic.name, nic, "NIC") for nic in server.nics]
        entries += [(bond.name, bond, "bond") for bond in server.bonds]
        for name, noun, owner, other in _repeated(entries):
            message = f"{owner} `{name}` of server {server.name} has the name of a {other} of the same server"
            yield Problem(noun, "name", message, "name each as the operating system does")


@rule("IK1004")
def service_tag_used_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """Two machines have the same service tag."""
    tags: list[tuple[Hashable, Noun, str]] = [(server.service_tag, server, f"server {server.name}") for server in site.servers]
    tags += [(switch.service_tag, switch, f"switch {switch.name}") for switch in site.switches]
    if site.storage:
        tags += [(chassis.service_tag, chassis, f"chassis {chassis.name}") for chassis in site.storage.chassis]
    for tag, noun, owner, other in _repeated(tags):
        message = f"service tag {tag} of {owner} is already that of {other}"
        yield Problem(noun, "service_tag", message, "read the tag from the machine's label or its BMC")


@rule("IK1005")
def mac_used_twice(site: Site, index: Index) -> Iterator[Problem]:
    """Two ports have the same MAC address, or two VLT pairs the same VLT MAC."""
    macs: list[tuple[Hashable, Noun, str]] = []
    for server in site.servers:
        if server.bmc.mac:
            macs.append((server.bmc.mac, server.bmc, f"the BMC of {server.name}"))
        macs += [(nic.mac, nic, f"{nic.name} of {server.name}") for nic in server.nics]
    for pair, switches in index.pairs.items():
        vlt = switches[0].vlt
        if vlt:  # both members carry the same one, on purpose
            macs.append((vlt.mac, vlt, f"VLT pair {pair}"))
    for mac, noun, owner, other in _repeated(macs):
        yield Problem(noun, "mac", f"MAC address {mac} of {owner} is already that of {other}", "read both from the machines")


@rule("IK1006")
def mac_not_unicast(site: Site, _index: Index) -> Iterator[Problem]:
    """A MAC address is a group address or all zeros."""
    for server in site.servers:
        for nic in server.nics:
            if _is_not_unicast(nic.mac):
                yield Problem(nic, "mac", f"{nic.mac} is no unicast address", "the first byte of a port's MAC address is even")
        if server.bmc.mac and _is_not_unicast(server.bmc.mac):
            yield Problem(server.bmc, "mac", f"{server.bmc.mac} is no unicast address", "the first byte of a port's MAC address is even")
    for switch in site.switches:
        if switch.vlt and _is_not_unicast(switch.vlt.mac):
            hint = "choose a locally administered one, such as 02:00:00:00:01:01"
            yield Problem(switch.vlt, "mac", f"{switch.vlt.mac} is no unicast address", hint)


def _is_not_unicast(mac: str) -> bool:
    return int(mac[1], 16) & 1 == 1 or mac == "00:00:00:00:00:00"


@rule("IK1007")
def credential_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A device or profile names a credential that does not exist."""
    for noun, field, name, owner in _credential_uses(site):
        if name not in site.credential_by_name:
            known = ", ".join(sorted(site.credential_by_name)) or "none"
            yield Problem(noun, field, f"{owner} names credential `{name}`, which does not exist", f"known: {known}")


@rule("IK1008", "warning")
def credential_unused(site: Site, _index: Index) -> Iterator[Problem]:
    """Nothing uses a credential."""
    used = {name for _, _, name, _ in _credential_uses(site)}
    for credential in site.credentials:
        if credential.name not in used:
            yield Problem(credential, "name", f"nothing uses credential `{credential.name}`", "remove it, or name it where it is needed")


def _credential_uses(site: Site) -> Iterator[tuple[Noun, str, str, str]]:
    for server in site.servers:
        yield server.bmc, "credential", server.bmc.credential, f"the BMC of {server.name}"
    for switch in site.switches:
        yield switch.management, "credential", switch.management.credential, f"switch {switch.name}"
    if site.storage:
        yield site.storage.management, "credential", site.storage.management.credential, f"array {site.storage.name}"
    yield site.operating_system, "ssh_credential", site.operating_system.ssh_credential, "the operating-system profile"
    yield from _credential_uses_of_platform(site)


def _credential_uses_of_platform(site: Site) -> Iterator[tuple[Noun, str, str, str]]:
    kubernetes = site.kubernetes
    if kubernetes and kubernetes.credential:
        yield kubernetes, "credential", kubernetes.credential, "Kubernetes"
    for ldap in (kubernetes.identity.ldap if kubernetes else None, site.operating_system.directory):
        if ldap and ldap.bind_credential:
            yield ldap, "bind_credential", ldap.bind_credential, f"directory {ldap.server}"
    for workspace in site.workspaces:
        if workspace.lineage and workspace.lineage.credential:
            yield workspace.lineage, "credential", workspace.lineage.credential, f"lineage of workspace {workspace.name}"


@rule("IK1009")
def network_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """Something names a network that does not exist."""
    for noun, field, name, owner in _network_uses(site):
        if name not in site.network_by_name:
            yield Problem(
                noun, field, f"{owner} names network `{name}`, which does not exist", "define it in `networks`, or correct the name"
            )


@rule("IK1010", "warning")
def network_unused(site: Site, _index: Index) -> Iterator[Problem]:
    """Nothing is in a network."""
    used = {name for _, _, name, _ in _network_uses(site)}
    for network in site.networks:
        if network.name not in used and network.purpose != "out-of-band":
            yield Problem(network, "name", f"nothing is in network `{network.name}`", "remove it, or connect something to it")


def _network_uses(site: Site) -> Iterator[tuple[Noun, str | tuple[str | int, ...], str, str]]:
    for server in site.servers:
        for bond in server.bonds:
            for entry in bond.addresses:
                yield entry, "network", entry.network, f"{bond.name} of server {server.name}"
    for switch in site.switches:
        yield from _network_uses_of_switch(switch)
    if site.fabric.management_gateway_network:
        yield site.fabric, "management_gateway_network", site.fabric.management_gateway_network, "the fabric"
    for groupnet in site.storage.groupnets if site.storage else []:
        for subnet in groupnet.subnets:
            yield subnet, "network", subnet.network, f"subnet {subnet.name} of the array"


def _network_uses_of_switch(switch: Switch) -> Iterator[tuple[Noun, str | tuple[str | int, ...], str, str]]:
    for vlan in switch.vlans:
        yield vlan, "network", vlan.network, f"switch {switch.name}"
    for lag in switch.lags:
        owner = f"port-channel {lag.id} of switch {switch.name}"
        for position, name in enumerate(lag.networks):
            yield lag, ("networks", position), name, owner
        if lag.native:
            yield lag, "native", lag.native, owner


@rule("IK1011")
def profile_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A server names a profile that does not exist."""
    for server in site.servers:
        if server.profile not in site.profile_by_name:
            known = ", ".join(sorted(site.profile_by_name)) or "none"
            message = f"server {server.name} names profile `{server.profile}`, which does not exist"
            yield Problem(server, "profile", message, f"known: {known}")


@rule("IK1012", "warning")
def profile_unused(site: Site, _index: Index) -> Iterator[Problem]:
    """No server has a profile."""
    used = {server.profile for server in site.servers}
    for profile in site.server_profiles:
        if profile.name not in used:
            yield Problem(profile, "name", f"no server has profile `{profile.name}`", "remove it, or give it to a server")


@rule("IK1013")
def rack_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A device stands in a rack that does not exist."""
    placed: list[tuple[Noun, str, str]] = [(server, server.rack, f"server {server.name}") for server in site.servers]
    placed += [(switch, switch.rack, f"switch {switch.name}") for switch in site.switches]
    if site.storage:
        placed += [(chassis, chassis.rack, f"chassis {chassis.name}") for chassis in site.storage.chassis]
    for noun, rack, owner in placed:
        if rack not in site.rack_by_name:
            yield Problem(
                noun, "rack", f"{owner} stands in rack `{rack}`, which does not exist", "define it in `racks`, or correct the name"
            )


@rule("IK1014", "warning")
def login_shared_across_kinds(site: Site, _index: Index) -> Iterator[Problem]:
    """One credential opens devices of different kinds: one leak opens all."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for _, _, name, owner in _credential_uses(site):
        kinds[name].add(owner.split()[0] if not owner.startswith("the") else owner.split()[1])
    for credential in site.credentials:
        shared = sorted(kinds.get(credential.name, ()))
        if len(shared) > 1:
            message = f"credential `{credential.name}` opens devices of different kinds: {', '.join(shared)}"
            yield Problem(credential, "name", message, "give each kind of device a login of its own")

"""Port-channels of the switches: numbers, ports, networks, alike on both switches of a pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Lag, Switch
    from infra_kit.inventory.rules.index import Index

_RESERVED = 1000


def _lags(site: Site) -> Iterator[tuple[Switch, Lag]]:
    for switch in site.switches:
        for lag in switch.lags:
            yield switch, lag


@rule("IK1401")
def number_reserved(site: Site, index: Index) -> Iterator[Problem]:
    """Port-channel 1000 is the VLT interconnect's own."""
    hint = "choose a number from 1 to 999"
    for switch, lag in _lags(site):
        if lag.id == _RESERVED:
            yield Problem(lag, "id", f"port-channel {_RESERVED} of {switch.name} is the VLT interconnect's own", hint)
    for bundle in index.bundles:
        if bundle.lag == _RESERVED:
            yield Problem(bundle.at, "lag", f"{bundle.owner} uses port-channel {_RESERVED}, which is the VLT interconnect's own", hint)


@rule("IK1402")
def number_used_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """A switch has two port-channels of one number."""
    for switch in site.switches:
        seen: dict[int, str] = {}
        for lag in switch.lags:
            if lag.id in seen:
                message = f"port-channel {lag.id} ({lag.description}) of {switch.name} is already that of {seen[lag.id]}"
                yield Problem(lag, "id", message, "number each port-channel once")
            seen.setdefault(lag.id, lag.description)


@rule("IK1405", "warning")
def lag_without_device(site: Site, index: Index) -> Iterator[Problem]:
    """A port-channel carries hosts' networks, and nothing is cabled to it."""
    used = {(switch, bundle.lag) for bundle in index.bundles for switch in bundle.switches}
    hosts = {network.name for network in site.networks if network.purpose in ("cluster-data", "storage-front-end")}
    for switch, lag in _lags(site):
        if (switch.name, lag.id) not in used and hosts.intersection([*lag.networks, lag.native]):
            message = f"port-channel {lag.id} ({lag.description}) of {switch.name} carries hosts' networks, and no device is in it"
            yield Problem(lag, "id", message, "cable a device to it, or remove it")


@rule("IK1411")
def port_in_two_lags(site: Site, _index: Index) -> Iterator[Problem]:
    """A switch port is in two port-channels."""
    for switch in site.switches:
        first: dict[str, int] = {}
        for lag in switch.lags:
            for position, port in enumerate(lag.ports):
                if port in first:
                    message = f"port {port} of {switch.name} is in port-channels {first[port]} and {lag.id}"
                    yield Problem(lag, ("ports", position), message, "keep it in one")
                first.setdefault(port, lag.id)


@rule("IK1412")
def lag_speeds_differ(site: Site, index: Index) -> Iterator[Problem]:
    """A port-channel's ports run at different speeds, on one switch or between the peers."""
    for switch, lag in _lags(site):
        members = [(switch, port) for port in lag.ports]
        peer = site.switch_by_name.get(switch.vlt.peer) if switch.vlt else None
        if peer and peer.name < switch.name:
            other = index.lags[peer.name].get(lag.id)
            members += [(peer, port) for port in other.ports] if other else []
        speeds = sorted({speed for member, port in members if (speed := index.interfaces(member).get(port))})
        if len(speeds) > 1:
            text = " and ".join(f"{speed} Gb/s" for speed in speeds)
            yield Problem(lag, "ports", f"ports of port-channel {lag.id} of {switch.name} run at {text}", "bundle ports of one speed")


@rule("IK1414")
def lag_settings_differ(site: Site, index: Index) -> Iterator[Problem]:
    """The two halves of a VLT port-channel carry different networks, or one is static."""
    for switch, lag in _lags(site):
        peer = switch.vlt.peer if switch.vlt else ""
        other = index.lags.get(peer, {}).get(lag.id) if peer < switch.name else None
        for field in ("networks", "native", "lacp", "fallback") if other else ():
            here, there = getattr(lag, field), getattr(other, field)
            if (sorted(here) != sorted(there)) if isinstance(here, list) else here != there:
                message = f"`{field}` of port-channel {lag.id} is {_text(here)} on {switch.name}, {_text(there)} on {peer}"
                yield Problem(lag, field, message, "write the same on both")


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "empty"
    return "none" if value is None else str(value).lower()


@rule("IK1415")
def lag_network_not_on_switch(site: Site, index: Index) -> Iterator[Problem]:
    """A port-channel carries a network that its switch does not have."""
    for switch, lag in _lags(site):
        entries: list[tuple[str | tuple[str | int, ...], str]] = [(("networks", n), name) for n, name in enumerate(lag.networks)]
        entries += [("native", lag.native)] if lag.native else []
        for field, name in entries:
            if name in site.network_by_name and name not in index.vlan_names[switch.name]:
                message = f"port-channel {lag.id} carries network {name}, which is not among the VLANs of {switch.name}"
                yield Problem(lag, field, message, f"add it to `vlans` of {switch.name}")


@rule("IK1416")
def two_untagged_networks(site: Site, _index: Index) -> Iterator[Problem]:
    """A bond has two untagged networks, or a port-channel has a network both tagged and untagged."""
    for server in site.servers:
        for bond in server.bonds:
            untagged = [entry for entry in bond.addresses if entry.native]
            for entry in untagged[1:]:
                message = f"{bond.name} of {server.name} has {untagged[0].network} and {entry.network} untagged"
                yield Problem(entry, "native", message, "one network of a bond can be untagged")
    for switch, lag in _lags(site):
        if lag.native in lag.networks:
            yield Problem(
                lag, "native", f"port-channel {lag.id} of {switch.name} has {lag.native} tagged and untagged", "keep one of the two"
            )


@rule("IK1419")
def lag_port_taken(site: Site, index: Index) -> Iterator[Problem]:
    """A port of a port-channel is a routed link's, the interconnect's, or another device's."""
    bundled = {end: bundle.owner for bundle in index.bundles for end in bundle.ends}
    taken = {(claim.switch, claim.port): claim for claim in reversed(index.claims)}
    in_lag = {end: bundle.lag for bundle in index.bundles for end in bundle.ends}
    for switch, lag in _lags(site):
        for position, port in enumerate(lag.ports):
            claim = taken.get((switch.name, port))
            if claim and in_lag.get((switch.name, port)) != lag.id:
                owner = bundled.get((switch.name, port), claim.owner)
                message = f"port {port} of {switch.name} is in port-channel {lag.id} ({lag.description}), but taken by {owner}"
                yield Problem(lag, ("ports", position), message, "move the cable, or correct the port-channel's ports")


@rule("IK1420")
def bond_empty(site: Site, _index: Index) -> Iterator[Problem]:
    """A bond has no members, or a port-channel no ports."""
    for server in site.servers:
        for bond in server.bonds:
            if not bond.members:
                yield Problem(bond, "members", f"{bond.name} of {server.name} has no members", "name its NICs")
    for switch, lag in _lags(site):
        if not lag.ports:
            yield Problem(lag, "ports", f"port-channel {lag.id} of {switch.name} has no ports", "name its ports, or remove it")

"""Bonds of servers and array nodes: members, and the port-channels at their other end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Lag
    from infra_kit.inventory.rules.index import Index


@rule("IK1403")
def lag_missing(site: Site, index: Index) -> Iterator[Problem]:
    """A bond's port-channel does not exist on a switch that the bond is cabled to."""
    for bundle in index.bundles:
        for name in bundle.switches:
            if name in site.switch_by_name and bundle.lag not in index.lags[name]:
                message = f"{bundle.owner} is port-channel {bundle.lag}, which {name} does not have"
                yield Problem(bundle.at, "lag", message, f"add it to `lags` of {name}, or correct the number")


@rule("IK1404")
def members_differ(_site: Site, index: Index) -> Iterator[Problem]:
    """A port-channel's ports are not those that the device is cabled to."""
    for bundle in index.bundles:
        for name in bundle.switches:
            lag = index.lags.get(name, {}).get(bundle.lag)
            cabled = sorted(port for switch, port in bundle.ends if switch == name)
            if lag and sorted(lag.ports) != cabled:
                held = ", ".join(lag.ports) or "no port"
                message = f"{bundle.owner} is cabled to {', '.join(cabled)} of {name}, whose port-channel {bundle.lag} holds {held}"
                yield Problem(bundle.at, "lag", message, "make the two agree")


@rule("IK1406")
def bond_member_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A bond's member is not a NIC of its server."""
    for server in site.servers:
        nics = {nic.name for nic in server.nics}
        for bond in server.bonds:
            for position, member in enumerate(bond.members):
                if member not in nics:
                    message = f"{bond.name} of {server.name} holds `{member}`, which is no NIC of it"
                    yield Problem(bond, ("members", position), message, f"its NICs: {', '.join(sorted(nics)) or 'none'}")


@rule("IK1407")
def nic_in_two_bonds(site: Site, _index: Index) -> Iterator[Problem]:
    """A NIC is in two bonds, or twice in one."""
    for server in site.servers:
        first: dict[str, str] = {}
        for bond in server.bonds:
            for position, member in enumerate(bond.members):
                if member in first:
                    message = f"{member} of {server.name} is in {first[member]} and in {bond.name}"
                    yield Problem(bond, ("members", position), message, "keep it in one")
                first.setdefault(member, bond.name)


@rule("IK1408")
def members_across_pairs(_site: Site, index: Index) -> Iterator[Problem]:
    """A bond's members go to switches that are not one VLT pair."""
    for bundle in index.bundles:
        pairs = sorted({index.pair_of[switch] for switch, _ in bundle.ends if switch in index.pair_of})
        if len(pairs) > 1:
            yield Problem(
                bundle.at, "lag", f"{bundle.owner} is cabled to {' and '.join(pairs)}: not one VLT pair", "cable all members to one pair"
            )


@rule("IK1409")
def member_speeds_differ(_site: Site, index: Index) -> Iterator[Problem]:
    """A bond's members run at different speeds."""
    for server, bond, nics in index.bonds:
        speeds = sorted({nic.speed_gbps for nic in nics})
        if len(speeds) > 1:
            text = " and ".join(f"{speed} Gb/s" for speed in speeds)
            yield Problem(bond, "members", f"members of {bond.name} of {server.name} run at {text}", "bond NICs of one speed")


@rule("IK1410", "warning")
def bond_single_homed(_site: Site, index: Index) -> Iterator[Problem]:
    """All ends of a bond are on one switch."""
    for bundle in index.bundles:
        switches = {switch for switch, _ in bundle.ends}
        if len(switches) == 1:
            yield Problem(
                bundle.at, "lag", f"{bundle.owner} hangs on {switches.pop()} alone", "cable one member to each switch of the pair"
            )


@rule("IK1413")
def bond_network_not_on_lag(_site: Site, index: Index) -> Iterator[Problem]:
    """A bond has an address in a network that its port-channel does not carry, or carries tagged where the bond is untagged."""
    for server, bond, nics in index.bonds:
        for name in sorted({nic.switch for nic in nics}):
            lag = index.lags.get(name, {}).get(bond.lag)
            for entry in bond.addresses if lag else []:
                found = _how(lag, entry.network)
                wanted = "has it untagged" if entry.native else "has it tagged"
                if found != wanted:
                    here = f"{bond.name} of {server.name} has network {entry.network} {'untagged' if entry.native else 'tagged'}"
                    message = f"{here}; port-channel {bond.lag} of {name} {found}"
                    yield Problem(entry, "network", message, "correct `native` here, or `networks` and `native` of the port-channel")


def _how(lag: Lag | None, network: str) -> str:
    if lag and network == lag.native:
        return "has it untagged"
    return "has it tagged" if lag and network in lag.networks else "does not carry it"


@rule("IK1417")
def number_shared_by_devices(_site: Site, index: Index) -> Iterator[Problem]:
    """Two devices on one pair have the same port-channel number."""
    first: dict[tuple[str, int], str] = {}
    for bundle in index.bundles:
        for pair in sorted({index.pair_of[switch] for switch, _ in bundle.ends if switch in index.pair_of}):
            other = first.setdefault((pair, bundle.lag), bundle.owner)
            if other != bundle.owner:
                yield Problem(
                    bundle.at,
                    "lag",
                    f"port-channel {bundle.lag} on {pair} is that of {bundle.owner} and of {other}",
                    "number each device's once",
                )


@rule("IK1418")
def lag_static_for_bond(_site: Site, index: Index) -> Iterator[Problem]:
    """A bond speaks LACP, its port-channel is static."""
    for bundle in index.bundles:
        for name in bundle.switches:
            lag = index.lags.get(name, {}).get(bundle.lag)
            if lag and lag.lacp == "static":
                message = f"{bundle.owner} speaks LACP, port-channel {bundle.lag} of {name} is static"
                yield Problem(bundle.at, "lag", message, "write `lacp: active` on the port-channel")

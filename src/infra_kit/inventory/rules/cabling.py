"""Cables end on ports that exist, once, at the right speed, on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem, an
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Link, Switch
    from infra_kit.inventory.rules.index import Claim, Index

_POINT_TO_POINT = (30, 31)


@rule("IK1201")
def switch_unknown(site: Site, index: Index) -> Iterator[Problem]:
    """A cable or a link goes to a switch that does not exist."""
    for claim in index.claims:
        if claim.switch not in site.switch_by_name:
            message = f"{claim.owner} goes to switch `{claim.switch}`, which does not exist"
            yield Problem(claim.at, "switch", message, "define it in `switches`, or correct the name")
    for switch in site.switches:
        for link in switch.links:
            if link.peer not in site.switch_by_name:
                message = f"a link of {switch.name} goes to switch `{link.peer}`, which does not exist"
                yield Problem(link, "peer", message, "define it in `switches`, or correct the name")


@rule("IK1202")
def port_does_not_exist(site: Site, index: Index) -> Iterator[Problem]:
    """A cable, a link, the interconnect or a port-channel is on a port that the switch does not have in its breakout modes."""
    for claim in index.claims:
        switch = site.switch_by_name.get(claim.switch)
        reason = _absence(switch, claim.port, index) if switch else None
        if reason:
            yield Problem(claim.at, claim.field, f"{claim.owner} is on port {claim.port} of {claim.switch}, {reason[0]}", reason[1])
    for switch in site.switches:
        for lag in switch.lags:
            for position, port in enumerate(lag.ports):
                reason = _absence(switch, port, index)
                if reason:
                    message = f"port-channel {lag.id} of {switch.name} holds port {port}, {reason[0]}"
                    yield Problem(lag, ("ports", position), message, reason[1])


def _absence(switch: Switch, port: str, index: Index) -> tuple[str, str] | None:
    """Why a port is not there, and what to do; None where it is there, or the model unknown."""
    ports = index.interfaces(switch)
    if not ports or port in ports:
        return None
    base = port.partition(":")[0]
    if f"{base}:1" in ports:
        lanes = sum(1 for each in ports if each.startswith(f"{base}:"))
        return f"which is broken out into {lanes} interfaces", f"name one of {base}:1 to {base}:{lanes}, or change the breakout"
    if base in ports:
        return "which is not broken out", f"name {base}, or write its breakout in `breakouts` or `port_groups`"
    return f"which {an(switch.model)} does not have", "look at the ports that `infra-kit` knows for the model in its catalogue"


@rule("IK1203")
def port_used_twice(_site: Site, index: Index) -> Iterator[Problem]:
    """Two cables, links or interconnects are on one switch port."""
    first: dict[tuple[str, str], Claim] = {}
    for claim in index.claims:
        other = first.setdefault((claim.switch, claim.port), claim)
        if other is not claim:
            message = f"port {claim.port} of {claim.switch} for {claim.owner} is already taken by {other.owner}"
            yield Problem(claim.at, claim.field, message, "move one of the two cables")


@rule("IK1204")
def speed_differs(site: Site, index: Index) -> Iterator[Problem]:
    """A NIC or an array port has another speed than the switch port in its mode."""
    for claim in index.claims:
        switch = site.switch_by_name.get(claim.switch)
        speed = index.interfaces(switch).get(claim.port) if switch else None
        if claim.speed_gbps and speed and claim.speed_gbps != speed:
            message = f"{claim.owner} runs at {claim.speed_gbps} Gb/s, port {claim.port} of {claim.switch} at {speed} Gb/s"
            yield Problem(claim.at, claim.field, message, "change the port's mode in `port_groups` or `breakouts`, or take another port")


@rule("IK1205")
def link_one_sided(site: Site, index: Index) -> Iterator[Problem]:
    """A link's other end is missing, or says something else."""
    for switch, link in _links(site):
        peer = site.switch_by_name.get(link.peer)
        if peer is None or peer is switch:
            continue
        other = index.link_at.get((link.peer, link.peer_port))
        if other is None:
            message = f"{switch.name} {link.port} is linked to {link.peer} {link.peer_port}, where {link.peer} has no link"
            yield Problem(link, "peer_port", message, f"write the other end under {link.peer}: port {link.peer_port}, peer {switch.name}")
        elif (other.peer, other.peer_port) != (switch.name, link.port):
            message = (
                f"{switch.name} {link.port} is linked to {link.peer} {link.peer_port}, which is linked to {other.peer} {other.peer_port}"
            )
            yield Problem(link, "peer_port", message, "follow the cable and correct one of the two ends")


def _links(site: Site) -> Iterator[tuple[Switch, Link]]:
    for switch in site.switches:
        for link in switch.links:
            yield switch, link


def _facing(site: Site, index: Index) -> Iterator[tuple[Switch, Link, Link]]:
    """Links whose two ends name each other, once, seen from the end that is written later."""
    position = {switch.name: number for number, switch in enumerate(site.switches)}
    for switch, link in _links(site):
        other = index.link_at.get((link.peer, link.peer_port))
        is_later = position[switch.name] > position.get(link.peer, len(position))
        if other and is_later and (other.peer, other.peer_port) == (switch.name, link.port):
            yield switch, link, other


@rule("IK1206")
def link_to_itself(site: Site, _index: Index) -> Iterator[Problem]:
    """A switch is linked to itself."""
    for switch, link in _links(site):
        if link.peer == switch.name:
            yield Problem(link, "peer", f"{switch.name} is linked to itself", "name the switch at the other end of the cable")


@rule("IK1207")
def link_speeds_differ(site: Site, index: Index) -> Iterator[Problem]:
    """The two ends of a link run at different speeds."""
    for switch, link, _ in _facing(site, index):
        here = index.interfaces(switch).get(link.port)
        there = index.interfaces(site.switch_by_name[link.peer]).get(link.peer_port)
        if here and there and here != there:
            message = f"{switch.name} {link.port} runs at {here} Gb/s, {link.peer} {link.peer_port} at {there} Gb/s"
            yield Problem(link, "port", message, "break out the faster port to the slower one's speed")


@rule("IK1208")
def link_subnets_differ(site: Site, index: Index) -> Iterator[Problem]:
    """The addresses at the two ends of a link are not in one subnet."""
    for switch, link, other in _facing(site, index):
        if link.address.network != other.address.network:
            message = f"{switch.name} {link.port} has {link.address}, {link.peer} {link.peer_port} has {other.address}: not one subnet"
            yield Problem(link, "address", message, "give both ends addresses of one /31")


@rule("IK1209", "warning")
def link_subnet_wide(site: Site, _index: Index) -> Iterator[Problem]:
    """A point-to-point link has a subnet wider than two hosts."""
    for switch, link in _links(site):
        if link.address.network.prefixlen not in _POINT_TO_POINT:
            message = f"link {switch.name} {link.port} has a /{link.address.network.prefixlen} for two ends"
            yield Problem(link, "address", message, "use a /31 (RFC 3021)")


@rule("IK1210")
def host_on_spine(site: Site, index: Index) -> Iterator[Problem]:
    """A server or an array node is cabled to a spine."""
    for claim in index.claims:
        switch = site.switch_by_name.get(claim.switch)
        if claim.speed_gbps and switch and switch.role == "spine":
            yield Problem(claim.at, claim.field, f"{claim.owner} is cabled to {switch.name}, a spine", "cable hosts to leaves only")


@rule("IK1211", "warning")
def leaf_misses_spine(site: Site, _index: Index) -> Iterator[Problem]:
    """A leaf has no link to one of the spines."""
    spines = {switch.name for switch in site.switches if switch.role == "spine"}
    for switch in site.switches:
        missing = sorted(spines - {link.peer for link in switch.links})
        if switch.role == "leaf" and missing and len(site.switches) > 1:
            message = f"{switch.name} has no link to {', '.join(missing)}: traffic over the other spines is not balanced"
            yield Problem(switch, "links", message, "link every leaf to every spine")


@rule("IK1212")
def link_joins_same_role(site: Site, _index: Index) -> Iterator[Problem]:
    """A routed link joins two leaves or two spines; in a leaf-spine fabric none does."""
    for switch, link in _links(site):
        peer = site.switch_by_name.get(link.peer)
        if peer and peer is not switch and peer.role == switch.role:
            message = f"the link from {switch.name} {link.port} to {link.peer} joins two {switch.role} switches"
            yield Problem(link, "peer", message, "link leaves to spines only; VLT members meet over their interconnect")


@rule("IK1213", "warning")
def nic_in_no_bond(site: Site, _index: Index) -> Iterator[Problem]:
    """A NIC is cabled, but in no bond: the port stays without a configuration."""
    for server in site.servers:
        bonded = {member for bond in server.bonds for member in bond.members}
        for nic in server.nics:
            if nic.name not in bonded:
                message = f"{nic.name} of {server.name} is cabled to {nic.switch} {nic.port}, but in no bond"
                yield Problem(nic, "name", message, "add it to a bond, or remove it")


@rule("IK1214", "warning")
def optic_not_named(site: Site, index: Index) -> Iterator[Problem]:
    """A 100G link meets a broken-out 400G port and names no optic: NRZ and PAM4 lanes do not understand each other."""
    for switch, link, other in _facing(site, index):
        forms = {_form(switch, link.port, index), _form(site.switch_by_name[link.peer], link.peer_port, index)}
        is_broken_out = ":" in link.port or ":" in link.peer_port
        if is_broken_out and forms > {"QSFP56-DD"} and not (link.optic or other.optic):
            message = (
                f"{switch.name} {link.port} and {link.peer} {link.peer_port} join {' and '.join(sorted(forms))} without naming the optic"
            )
            yield Problem(link, "port", message, "write the optic or cable at one end; its lanes must match on both sides")


def _form(switch: Switch, port: str, index: Index) -> str:
    model = index.switch_model(switch)
    number = int(port.rpartition("/")[2].partition(":")[0])
    ranges = model.ports.value if model else []
    return next((each.form for each in ranges if each.first <= number <= each.last), "")

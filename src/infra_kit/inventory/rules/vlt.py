"""The two halves of a VLT pair mirror each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem, an
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Switch, Vlt
    from infra_kit.inventory.rules.index import Index

_MEMBERS = 2
_MAX_DOMAIN = 255
_MAX_PRIORITY = 65535


def _halves(site: Site) -> Iterator[tuple[Switch, Vlt]]:
    for switch in site.switches:
        if switch.vlt:
            yield switch, switch.vlt


def _couples(site: Site) -> Iterator[tuple[Switch, Vlt, Switch, Vlt]]:
    """Pairs whose halves name each other, once: the half written later first, as that is where a difference is reported."""
    position = {switch.name: number for number, switch in enumerate(site.switches)}
    for switch, vlt in _halves(site):
        peer = site.switch_by_name.get(vlt.peer)
        if peer and peer.vlt and peer.vlt.peer == switch.name and position[peer.name] < position[switch.name]:
            yield switch, vlt, peer, peer.vlt


@rule("IK1301")
def peer_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A VLT peer does not exist, or is the switch itself."""
    for switch, vlt in _halves(site):
        if vlt.peer not in site.switch_by_name:
            yield Problem(
                vlt, "peer", f"the VLT peer of {switch.name} is `{vlt.peer}`, which does not exist", "name the other switch of the pair"
            )
        elif vlt.peer == switch.name:
            yield Problem(vlt, "peer", f"{switch.name} is its own VLT peer", "name the other switch of the pair")


@rule("IK1302")
def peer_not_mutual(site: Site, _index: Index) -> Iterator[Problem]:
    """A VLT peer does not name this switch as its own peer."""
    for switch, vlt in _halves(site):
        peer = site.switch_by_name.get(vlt.peer)
        if peer is None or peer is switch:
            continue
        if peer.vlt is None:
            yield Problem(
                vlt, "peer", f"{switch.name} names {vlt.peer} as VLT peer, which has no `vlt` section", f"write it under {vlt.peer}"
            )
        elif peer.vlt.peer != switch.name:
            message = f"{switch.name} names {vlt.peer} as VLT peer, which names {peer.vlt.peer}"
            yield Problem(vlt, "peer", message, "the two members of a pair name each other")


@rule("IK1303")
def pair_differs(site: Site, _index: Index) -> Iterator[Problem]:
    """Pair name, domain or VLT MAC differ between the two peers."""
    for switch, vlt, peer, other in _couples(site):
        for field in ("pair", "domain", "mac"):
            here, there = getattr(vlt, field), getattr(other, field)
            if here != there:
                message = f"VLT {field} of {switch.name} is {here}, that of its peer {peer.name} {there}"
                yield Problem(vlt, field, message, "write the same on both")


@rule("IK1304")
def pair_not_two(_site: Site, index: Index) -> Iterator[Problem]:
    """A VLT pair does not have exactly two members."""
    for pair, switches in index.pairs.items():
        vlt = switches[-1].vlt
        if len(switches) != _MEMBERS and vlt:
            names = ", ".join(switch.name for switch in switches)
            yield Problem(vlt, "pair", f"VLT pair {pair} has {len(switches)} member(s): {names}", "a pair has two")


@rule("IK1305", "warning")
def priorities_equal(site: Site, _index: Index) -> Iterator[Problem]:
    """Both peers have the same primary priority, so chance decides which leads."""
    for switch, vlt, peer, other in _couples(site):
        if vlt.primary_priority == other.primary_priority:
            message = f"{switch.name} and {peer.name} both have primary priority {vlt.primary_priority}"
            yield Problem(vlt, "primary_priority", message, "give the one that should lead the lower number")


@rule("IK1306")
def interconnect_differs(site: Site, _index: Index) -> Iterator[Problem]:
    """The interconnect is on different ports of the two peers."""
    for switch, vlt, peer, other in _couples(site):
        here, there = sorted(vlt.interconnect_ports), sorted(other.interconnect_ports)
        if here != there:
            message = (
                f"the interconnect is on {', '.join(here) or 'no port'} of {switch.name}, on {', '.join(there) or 'no port'} of {peer.name}"
            )
            yield Problem(vlt, "interconnect_ports", message, "cable like ports with like ports")


@rule("IK1307", "warning")
def interconnect_single(site: Site, _index: Index) -> Iterator[Problem]:
    """The interconnect hangs on fewer than two ports."""
    for switch, vlt in _halves(site):
        if len(vlt.interconnect_ports) < _MEMBERS:
            message = f"the interconnect of {switch.name} has {len(vlt.interconnect_ports)} port(s): one broken cable splits the pair"
            yield Problem(vlt, "interconnect_ports", message, "use at least two")


@rule("IK1308", "warning")
def interconnect_not_double_density(site: Site, index: Index) -> Iterator[Problem]:
    """The interconnect is on other ports than the double-density ones that the model has for it."""
    for switch, vlt in _halves(site):
        model = index.switch_model(switch)
        meant = set(model.vlt_interconnect_ports.value) if model else set()
        for position, port in enumerate(vlt.interconnect_ports):
            if meant and int(port.rpartition("/")[2].partition(":")[0]) not in meant:
                message = f"the interconnect of {switch.name} uses port {port}"
                hint = f"{an(switch.model)} has 1/1/{min(meant)} to 1/1/{max(meant)} for it; keep the others for hosts and spines"
                yield Problem(vlt, ("interconnect_ports", position), message, hint)


@rule("IK1309")
def backup_not_peer(site: Site, _index: Index) -> Iterator[Problem]:
    """The backup destination is not the peer's management address."""
    for switch, vlt in _halves(site):
        peer = site.switch_by_name.get(vlt.peer)
        if peer and peer is not switch and vlt.backup_destination != peer.management.address:
            message = f"backup destination of {switch.name} is {vlt.backup_destination}; its peer {peer.name} has {peer.management.address}"
            yield Problem(vlt, "backup_destination", message, f"write {peer.management.address}")


@rule("IK1310")
def vlans_differ(site: Site, index: Index) -> Iterator[Problem]:
    """A network is on one peer only."""
    for switch, _, peer, _ in _couples(site):
        here, there = index.vlan_names[switch.name], index.vlan_names[peer.name]
        for name in sorted(here - there):
            yield Problem(switch, "vlans", f"network {name} is on {switch.name}, not on its peer {peer.name}", f"add it to {peer.name}")
        for name in sorted(there - here):
            yield Problem(switch, "vlans", f"network {name} is on {peer.name}, not on its peer {switch.name}", f"add it to {switch.name}")


@rule("IK1311")
def lags_differ(site: Site, index: Index) -> Iterator[Problem]:
    """A port-channel is on one peer only."""
    for switch, _, peer, _ in _couples(site):
        here, there = set(index.lags[switch.name]), set(index.lags[peer.name])
        for number in sorted(here - there):
            message = f"port-channel {number} is on {switch.name}, not on its peer {peer.name}"
            yield Problem(switch, "lags", message, f"add it to {peer.name}: a VLT port-channel has the same number on both")
        for number in sorted(there - here):
            message = f"port-channel {number} is on {peer.name}, not on its peer {switch.name}"
            yield Problem(switch, "lags", message, f"add it to {switch.name}: a VLT port-channel has the same number on both")


@rule("IK1312")
def models_differ(site: Site, _index: Index) -> Iterator[Problem]:
    """The two peers are of different models."""
    for switch, _, peer, _ in _couples(site):
        if switch.model != peer.model:
            yield Problem(
                switch, "model", f"{switch.name} is {an(switch.model)}, its VLT peer {peer.name} {an(peer.model)}", "pair like models"
            )


@rule("IK1313", "warning")
def leaf_without_pair(site: Site, _index: Index) -> Iterator[Problem]:
    """A leaf is in no VLT pair: its hosts hang on one switch."""
    for switch in site.switches:
        if switch.role == "leaf" and switch.vlt is None:
            yield Problem(
                switch, "name", f"leaf {switch.name} is in no VLT pair: its hosts hang on one switch", "pair it with a second leaf"
            )


@rule("IK1314")
def domain_shared(_site: Site, index: Index) -> Iterator[Problem]:
    """Two VLT pairs have the same domain id."""
    first: dict[int, str] = {}
    for pair, switches in index.pairs.items():
        vlt = switches[0].vlt
        if vlt and first.setdefault(vlt.domain, pair) != pair:
            yield Problem(
                vlt, "domain", f"VLT domain {vlt.domain} of pair {pair} is already that of {first[vlt.domain]}", "number the pairs"
            )


@rule("IK1315")
def number_out_of_range(site: Site, _index: Index) -> Iterator[Problem]:
    """VLT domain (1 to 255) or primary priority (1 to 65535) is out of range."""
    for switch, vlt in _halves(site):
        if not 1 <= vlt.domain <= _MAX_DOMAIN:
            yield Problem(
                vlt, "domain", f"VLT domain {vlt.domain} of {switch.name} is not 1 to {_MAX_DOMAIN}", "choose a number in the range"
            )
        if not 1 <= vlt.primary_priority <= _MAX_PRIORITY:
            message = f"primary priority {vlt.primary_priority} of {switch.name} is not 1 to {_MAX_PRIORITY}"
            yield Problem(vlt, "primary_priority", message, "choose a number in the range")

"""An existing switch in the inventory's own nouns: what of its configuration they can say, and what is left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.models.switch import Switch
from infra_kit.layers.fabric.intent import intent
from infra_kit.layers.fabric.os10 import plain
from infra_kit.layers.fabric.remediation import compare, managed
from infra_kit.layers.fabric.scope import ETHERNET
from infra_kit.layers.fabric.sections import sections
from infra_kit.layers.fabric.tree import parse, print_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hier_config.child import HConfigChild
    from hier_config.root import HConfig

    from infra_kit.inventory.models.network import Network
    from infra_kit.inventory.models.site import Site

_LINK = re.compile(r'"?(\S+) ethernet([\d/:]+)"?$')
_PEERS_PORT = re.compile(r"(\d+)/(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Adoption:
    """What importing a switch comes to."""

    switch: Switch
    """The switch as the inventory would have it, its scope included."""
    values: dict[str, Any]
    """The switch's keys that change, as plain YAML values."""
    covered: int
    """Lines of the running configuration that the inventory asked for already."""
    lines: int
    """All lines of the running configuration."""
    would_change: dict[str, int]
    """Sections outside the scope -> how many lines managing them would send."""
    left_alone: tuple[str, ...]
    """Lines outside the scope."""
    unsaid: tuple[str, ...] = ()
    """What the inventory's nouns cannot say, and why."""


@dataclass(slots=True)
class _Reading:
    """Takes one running configuration apart."""

    site: Site
    switch: Switch
    config: HConfig
    unsaid: list[str] = field(default_factory=list)

    def values(self) -> dict[str, Any]:
        found = {
            "port_groups": list(self._port_groups()),
            "breakouts": list(self._breakouts()),
            "vlt": self._vlt(),
            "vlans": list(self._vlans()),
            "lags": list(self._lags()),
            "links": list(self._links()),
            "bgp": self._bgp(),
            "static_routes": list(self._static_routes()),
        }
        return {key: value for key, value in found.items() if value}

    def _blocks(self, start: str) -> Iterator[tuple[str, HConfigChild]]:
        for child in self.config.children:
            if child.text.startswith(start):
                yield child.text.removeprefix(start).strip(), child

    def _network(self, vlan: int, what: str) -> Network | None:
        pair = self.switch.vlt.pair if self.switch.vlt else None
        known = [network for network in self.site.networks if network.vlan == vlan]
        own = [network for network in known if network.leaf_pair in (None, pair)] or known
        if not own:
            self.unsaid.append(f"{what}: no network of the site has VLAN {vlan}")
            return None
        return own[0]

    def _port_groups(self) -> Iterator[dict[str, Any]]:
        defaults = {group.group: group.default for group in self.site.catalog.switches[self.switch.model].port_groups.value}
        for group, block in self._blocks("port-group "):
            mode = _value(block, "mode Eth ")
            if mode and mode != defaults.get(group):
                yield {"group": group, "mode": mode}

    def _breakouts(self) -> Iterator[dict[str, Any]]:
        models = self.site.catalog.switches[self.switch.model].breakouts.value
        for rest, _ in self._blocks("interface breakout "):
            port, _, mode = rest.partition(" map ")
            number = int(port.rpartition("/")[2])
            if mode != next((each.default for each in models if each.first <= number <= each.last), None):
                yield {"port": port, "mode": mode}

    def _vlt(self) -> dict[str, Any] | None:
        for domain, block in self._blocks("vlt-domain "):
            backup = (_value(block, "backup destination ") or "").partition(" ")[0]
            peer = next((each for each in self.site.switches if str(each.management.address) == backup), None)
            ports = _expanded(_value(block, "discovery-interface ") or "")
            priority, mac = _value(block, "primary-priority "), _value(block, "vlt-mac ")
            if peer is None or not ports or priority is None or mac is None:
                self.unsaid.append(f"vlt-domain {domain}: its backup destination is no switch of the site, or priority or MAC is missing")
                return None
            pair = self.switch.vlt.pair if self.switch.vlt else peer.vlt.pair if peer.vlt else self.switch.name.rstrip("ab")
            return {
                "pair": pair,
                "domain": int(domain),
                "peer": peer.name,
                "interconnect_ports": ports,
                "backup_destination": backup,
                "primary_priority": int(priority),
                "mac": mac.lower(),
            }
        return None

    def _vlans(self) -> Iterator[dict[str, Any]]:
        for number, block in self._blocks("interface vlan"):
            network = None if number == "1" else self._network(int(number), f"interface vlan{number}")
            if network is None:
                continue
            vlan: dict[str, Any] = {"network": network.name}
            address = _value(block, "ip address ")
            if address and "/" in address:
                vlan["address"] = str(IPv4Interface(address).ip)
            for group in block.children:
                if group.text.startswith("vrrp-group "):
                    vlan["vrrp_group"] = int(group.text.split()[1])
                    vlan["vrrp_priority"] = int(_value(group, "priority ") or 100)
            yield vlan

    def _lags(self) -> Iterator[dict[str, Any]]:
        members: dict[str, list[tuple[str, str]]] = {}
        for port, block in self._blocks(ETHERNET):
            words = (_value(block, "channel-group ") or "").split()
            if words:
                members.setdefault(words[0], []).append((port, words[-1]))
        for number, block in self._blocks("interface port-channel"):
            held = members.get(number)
            if not held:
                self.unsaid.append(f"interface port-channel{number}: it has no members")
                continue
            lag = self._lag(number, block, held)
            if lag is not None:
                yield lag

    def _lag(self, number: str, block: HConfigChild, members: list[tuple[str, str]]) -> dict[str, Any] | None:
        what = f"interface port-channel{number}"
        tagged = [
            self._network(int(_last(child)), what) for child in block.children if child.text.startswith("switchport trunk allowed vlan ")
        ]
        access = _value(block, "switchport access vlan ")
        native = self._network(int(access), what) if access and access != "1" else None
        if None in tagged or (access not in (None, "1") and native is None):
            return None
        lag: dict[str, Any] = {
            "id": int(number),
            "description": (_value(block, "description ") or f"port-channel{number}").strip('"'),
            "ports": [port for port, _ in members],
            "networks": [network.name for network in tagged if network is not None],
        }
        if native is not None:
            lag["native"] = native.name
        if members[0][1] == "on":
            lag["lacp"] = "static"
        if block.children.get("lacp fallback enable"):
            lag["fallback"] = True
        return lag

    def _links(self) -> Iterator[dict[str, Any]]:
        for port, block in self._blocks(ETHERNET):
            address = _value(block, "ip address ")
            if not address or "/" not in address:
                continue
            far = self._far_end(port, IPv4Interface(address), _value(block, "description ") or "")
            if far is None:
                self.unsaid.append(f"{block.text}: nothing says which switch and port are at the other end of {address}")
                continue
            known = next((link for link in self.switch.links if link.port == port), None)
            link = {"port": port, "peer": far[0], "peer_port": far[1], "address": address}
            if known is not None and known.optic:
                link["optic"] = known.optic
            yield link

    def _far_end(self, port: str, address: IPv4Interface, description: str) -> tuple[str, str] | None:
        for other in self.site.switches:
            for link in other.links:
                if link.address.network == address.network and link.address.ip != address.ip:
                    return other.name, link.port
        match = _LINK.match(description)
        if match and match[1] in self.site.switch_by_name:
            return match[1], match[2]
        known = next((link for link in self.switch.links if link.port == port), None)
        return (known.peer, known.peer_port) if known else None

    def _bgp(self) -> dict[str, Any] | None:
        for asn, block in self._blocks("router bgp "):
            router_id = _value(block, "router-id ")
            if router_id:
                return {"asn": int(asn), "router_id": router_id}
            self.unsaid.append(f"router bgp {asn}: it has no router-id")
        return None

    def _static_routes(self) -> Iterator[dict[str, Any]]:
        for rest, _ in self._blocks("ip route "):
            words = rest.split()
            try:
                yield {"prefix": words[0], "next_hop": str(IPv4Address(words[1]))}
            except (ValueError, IndexError):
                self.unsaid.append(f"ip route {rest}: only routes to an address can be said")


def adopt(site: Site, switch: Switch, running: Iterable[str]) -> Adoption:
    """Work out what importing a switch comes to; nothing is written.

    Args:
        site: the inventory.
        switch: the switch as the inventory has it.
        running: its running configuration, secrets masked.

    Returns:
        The scope holds every section of which the switch already has exactly what the inventory now asks for: a plan in that
        scope is empty.
    """
    lines = list(running)
    whole = parse(lines)
    reading = _Reading(site, switch, whole)
    own = _plain(switch)
    values = {key: value for key, value in reading.values().items() if not _same(value, own.get(key))}
    adopted = Switch.model_validate({**own, **values})
    would_change = dict(_would_change(site, adopted, lines))
    scope = sorted(name for name, count in would_change.items() if not count)
    adopted = adopted.model_copy(update={"scope": scope})
    if scope != own["scope"]:
        values["scope"] = scope
    held = {*print_tree(managed(intent(site, adopted), lines))}
    everything = list(print_tree(whole))
    asked = {*print_tree(intent(site, switch.model_copy(update={"scope": "device"})).wanted)}
    return Adoption(
        switch=adopted,
        values=values,
        covered=sum(line in asked for line in everything),
        lines=len(everything),
        would_change={name: count for name, count in would_change.items() if count},
        left_alone=tuple(line for child in whole.children for line in _left(child, held)),
        unsaid=tuple(reading.unsaid),
    )


def _same(found: Any, own: Any) -> bool:
    """The order of a list is the operator's own."""
    if isinstance(found, list) and isinstance(own, list):
        return len(found) == len(own) and all(each in own for each in found)
    return bool(found == own)


def _left(child: HConfigChild, held: set[str]) -> Iterator[str]:
    own = plain(child.text)
    if own not in held:
        yield own
        yield from print_tree(child, 1)


def _would_change(site: Site, switch: Switch, lines: list[str]) -> Iterator[tuple[str, int]]:
    """Section -> number of lines that managing it would send; sections of which neither side has anything are left out."""
    for section in sections():
        wanted = intent(site, switch.model_copy(update={"scope": [section.name]}))
        running = managed(wanted, lines)
        if running.children or wanted.wanted.children:
            yield section.name, len(compare(running, wanted.wanted).lines)


def _plain(switch: Switch) -> dict[str, Any]:
    """The switch as YAML would have it, without what is at its default."""
    values: dict[str, Any] = switch.model_dump(mode="json", exclude_defaults=True)
    values.setdefault("scope", "device")
    return values


def _value(block: HConfigChild, start: str) -> str | None:
    return next((child.text.removeprefix(start) for child in block.children if child.text.startswith(start)), None)


def _last(child: HConfigChild) -> str:
    return child.text.rpartition(" ")[2]


def _expanded(ports: str) -> list[str]:
    """`ethernet1/1/49-1/1/52` as single ports."""
    found: list[str] = []
    for part in ports.replace("ethernet", "").split(","):
        first, _, last = part.partition("-")
        match = _PEERS_PORT.fullmatch(first)
        if match and last:
            found.extend(f"{match[1]}/{match[2]}/{number}" for number in range(int(match[3]), int(last.rpartition("/")[2]) + 1))
        elif first:
            found.append(first)
    return found

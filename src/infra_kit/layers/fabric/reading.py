"""A running configuration in the inventory's own nouns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.pod_network import pod_routes
from infra_kit.layers.fabric.facts import expanded
from infra_kit.layers.fabric.scope import ETHERNET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hier_config.child import HConfigChild
    from hier_config.root import HConfig

    from infra_kit.inventory.models.network import Network
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Switch

_LINK = re.compile(r'"?(\S+) ethernet([\d/:]+)"?$')


@dataclass(slots=True)
class Reading:
    """Takes one running configuration apart.

    Args:
        site: the inventory.
        switch: the switch as the inventory has it.
        config: its running configuration, whole.
    """

    site: Site
    switch: Switch
    config: HConfig
    unsaid: list[str] = field(default_factory=list)
    """What the nouns cannot say, and why."""

    def values(self) -> dict[str, Any]:
        """The switch's keys as plain YAML values, as far as the configuration says them."""
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
            ports = expanded(_value(block, "discovery-interface ") or "")
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
        follow = {(str(each.prefix), str(each.next_hop)) for each in pod_routes(self.site)}  # from the nodes: nobody writes them down
        for rest, _ in self._blocks("ip route "):
            words = rest.split()
            try:
                route = (words[0], str(IPv4Address(words[1])))
            except (ValueError, IndexError):
                self.unsaid.append(f"ip route {rest}: only routes to an address can be said")
                continue
            if route not in follow:
                yield {"prefix": route[0], "next_hop": route[1]}


def _value(block: HConfigChild, start: str) -> str | None:
    return next((child.text.removeprefix(start) for child in block.children if child.text.startswith(start)), None)


def _last(child: HConfigChild) -> str:
    return child.text.rpartition(" ")[2]

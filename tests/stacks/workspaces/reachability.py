"""Whether one pod may connect to another, by the NetworkPolicies that a cluster has: the API's rules, written down once more.

https://kubernetes.io/docs/concepts/services-networking/network-policies/ - policies add up; a pod that none selects for a direction is open
in that direction; a connection needs the egress of the one and the ingress of the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any


@dataclass(frozen=True)
class End:
    """One end of a connection: a pod (with a namespace), or an address outside."""

    namespace: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    address: str = ""


@dataclass
class Network:
    """The policies and namespaces of a cluster, as `kubectl get -o json` has them."""

    policies: list[dict[str, Any]]
    namespaces: dict[str, dict[str, str]]

    def reaches(self, source: End, target: End, port: int, protocol: str = "TCP") -> bool:
        """Whether a connection may be made."""
        return self._open(source, target, port, protocol, "Egress") and self._open(target, source, port, protocol, "Ingress")

    def _open(self, end: End, other: End, port: int, protocol: str, direction: str) -> bool:
        if not end.namespace:
            return True  # what is outside has no policies
        mine = [
            policy
            for policy in self.policies
            if policy["metadata"]["namespace"] == end.namespace
            and direction in policy["spec"]["policyTypes"]
            and _selects(policy["spec"].get("podSelector", {}), end.labels)
        ]
        if not mine:
            return True
        sides = {"Egress": ("egress", "to"), "Ingress": ("ingress", "from")}
        rules, peers = sides[direction]
        return any(
            _on_port(rule.get("ports"), port, protocol)
            and (not rule.get(peers) or any(self._is(peer, other, end.namespace) for peer in rule[peers]))
            for policy in mine
            for rule in policy["spec"].get(rules, [])
        )

    def _is(self, peer: dict[str, Any], other: End, here: str) -> bool:
        if "ipBlock" in peer:
            block = peer["ipBlock"]
            inside = bool(other.address) and ip_address(other.address) in ip_network(block["cidr"])
            return inside and not any(ip_address(other.address) in ip_network(each) for each in block.get("except", []))
        if not other.namespace:
            return False
        if "namespaceSelector" in peer:
            right = _selects(peer["namespaceSelector"], self.namespaces[other.namespace])
        else:
            right = other.namespace == here
        return right and _selects(peer.get("podSelector", {}), other.labels)


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}, "the evaluator knows no expressions"
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def _on_port(ports: list[dict[str, Any]] | None, port: int, protocol: str) -> bool:
    return not ports or any(each.get("protocol", "TCP") == protocol and each.get("port") in {None, port} for each in ports)

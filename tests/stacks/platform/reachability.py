"""Who reaches whom under the network policies of a list of objects: the rules of the API's documentation, and nothing of infra-kit's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any


@dataclass(frozen=True)
class End:
    """A pod (namespace and labels), or an address outside."""

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


def reaches(policies: Iterable[Mapping[str, Any]], source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Whether a connection is allowed by both ends' policies."""
    known = list(policies)
    return _allowed(known, source, target, port, protocol, "Egress") and _allowed(known, target, source, port, protocol, "Ingress")


def _allowed(policies: list[Mapping[str, Any]], own: End, other: End, port: int, protocol: str, direction: str) -> bool:  # noqa: PLR0913
    if own.address:
        return True  # policies are about pods
    chosen = [policy["spec"] for policy in policies if policy["metadata"]["namespace"] == own.namespace]
    chosen = [spec for spec in chosen if _selects(spec["podSelector"], own.labels) and direction in spec["policyTypes"]]
    if not chosen:
        return True  # what no policy selects is open
    key, peers = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    rules = [rule for spec in chosen for rule in spec.get(key, ())]
    return any(_port(rule, port, protocol) and _peer(rule.get(peers), own, other) for rule in rules)


def _port(rule: Mapping[str, Any], port: int, protocol: str) -> bool:
    return not rule.get("ports") or any(each["port"] == port and each.get("protocol", "TCP") == protocol for each in rule["ports"])


def _peer(peers: list[Mapping[str, Any]] | None, own: End, other: End) -> bool:
    return not peers or any(_matches(peer, own, other) for peer in peers)


def _matches(peer: Mapping[str, Any], own: End, other: End) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        inside = bool(other.address) and ip_address(other.address) in ip_network(block["cidr"])
        return inside and not any(ip_address(other.address) in ip_network(each) for each in block.get("except", ()))
    if other.address:
        return False
    if "namespaceSelector" in peer:
        if not _selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace}):
            return False
    elif other.namespace != own.namespace:
        return False
    return _selects(peer.get("podSelector", {}), other.labels)


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    return selector.get("matchLabels", {}).items() <= labels.items()

"""Variables of the role cni."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.inventory.pod_network import pod_routes
from infra_kit.layers.hosts.variables.kubernetes_node import pod_cidr

if TYPE_CHECKING:
    from infra_kit.layers.hosts.facts import HostFacts


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host."""
    kubernetes = facts.kubernetes
    if kubernetes.cni != "bridge":
        return {"cni_plugin": kubernetes.cni}
    return {
        "cni_plugin": "bridge",
        "cni_subnet": pod_cidr(facts),
        "cni_mtu": facts.network.mtu,
        "cni_routes_to": {
            str(route.prefix): str(route.next_hop)
            for route in pod_routes(facts.site)
            if route.network == facts.network.name and route.server != facts.name
        },
    }

"""Variables of the role kubernetes_node, and what of a node its other roles are told as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.inventory.nodes import node_shapes
from infra_kit.inventory.pod_network import pod_subnets

if TYPE_CHECKING:
    from infra_kit.inventory.nodes import NodeShape
    from infra_kit.layers.hosts.facts import HostFacts

_KUBELETS_OWN = {"kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os"}
"""Labels that every kubelet sets from what it sees."""
_ALLOWED = ("topology.kubernetes.io/", "node.kubernetes.io/", "kubelet.kubernetes.io/")
"""Of the labels in Kubernetes' own domains, those that a kubelet may give itself (admission plug-in NodeRestriction)."""


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host."""
    kubernetes = facts.kubernetes
    reserved = {"cpu": str(kubernetes.reserved.cpu), "memory": str(kubernetes.reserved.memory)}
    return {
        "kubernetes_node_name": facts.name,
        "kubernetes_node_address": facts.address,
        "kubernetes_node_version": kubernetes.version,
        "kubernetes_node_masters": masters(facts),
        "kubernetes_node_labels": {key: value for key, value in labels(facts).items() if _may_set(key)},
        # A stand-in has not the processors and the memory that the inventory reserves from, and shares its machine's disk.
        "kubernetes_node_reserved": {} if facts.stand_in else reserved,
        "kubernetes_node_max_pods": kubernetes.max_pods,
        "kubernetes_node_small_disk": facts.stand_in is not None,
    }


def masters(facts: HostFacts) -> dict[str, str]:
    """Control-plane node -> address, in the inventory's order."""
    return {each.name: each.address for each in facts.others(list(facts.kubernetes.control_plane))}


def labels(facts: HostFacts) -> dict[str, str]:
    """The node's labels, without those that every kubelet sets itself."""
    return {key: value for key, value in _shape(facts).labels.items() if key not in _KUBELETS_OWN}


def taints(facts: HostFacts) -> list[dict[str, str]]:
    """The node's taints."""
    return [{"key": each.key, "value": each.value, "effect": each.effect} for each in _shape(facts).taints]


def pod_cidr(facts: HostFacts) -> str:
    """The subnet of the node's pods; empty where the network plug-in gives them out."""
    subnet = pod_subnets(facts.site).get(facts.name) if facts.kubernetes.cni == "bridge" else None
    return str(subnet) if subnet else ""


def _shape(facts: HostFacts) -> NodeShape:
    return next(each for each in node_shapes(facts.site) if each.name == facts.name)


def _may_set(label: str) -> bool:
    domain = label.partition("/")[0]
    return not domain.endswith(("kubernetes.io", "k8s.io")) or label.startswith(_ALLOWED)

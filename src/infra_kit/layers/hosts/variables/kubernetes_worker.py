"""Variables of the role kubernetes_worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.layers.hosts.variables.kubernetes_node import labels, masters, pod_cidr, taints

if TYPE_CHECKING:
    from infra_kit.layers.hosts.facts import HostFacts


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host."""
    return {
        "kubernetes_worker_name": facts.name,
        "kubernetes_worker_address": str(facts.kubernetes.api_address),
        "kubernetes_worker_version": facts.kubernetes.version,
        "kubernetes_worker_masters": masters(facts),
        "kubernetes_worker_labels": labels(facts),
        "kubernetes_worker_taints": taints(facts),
        "kubernetes_worker_pod_cidr": pod_cidr(facts),
    }

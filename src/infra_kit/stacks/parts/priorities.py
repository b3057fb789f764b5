"""Who may use which priority. A priority class is cluster-wide: whoever may create pods may name any of them, unless a quota forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import ResourceQuota

    from infra_kit.stacks.parts.place import Place

RESERVED = ("platform-critical", "system-cluster-critical", "system-node-critical")
"""For what the cluster is run with: a pod with one of them pushes out everybody's."""


def keep_out_of_reserved_priorities(place: Place) -> ResourceQuota:
    """No pod of the namespace may have a reserved priority. For every namespace where people create pods."""
    from pulumi_kubernetes.core.v1 import ResourceQuota

    chosen = {"scopeName": "PriorityClass", "operator": "In", "values": list(RESERVED)}
    spec: Any = {"hard": {"pods": "0"}, "scopeSelector": {"matchExpressions": [chosen]}}
    name = "no-reserved-priority"
    return ResourceQuota(place.logical(name), metadata=place.metadata(name, "priorities"), spec=spec, opts=place.options())

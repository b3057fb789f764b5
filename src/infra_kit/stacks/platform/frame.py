"""What the platform's components have in common: whose they are, and in which namespaces they live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.stacks.parts.labels import Owner
from infra_kit.stacks.parts.network_policies import INGRESS_NAMESPACE
from infra_kit.stacks.parts.place import Place

if TYPE_CHECKING:
    from pulumi import Resource

OWNER = Owner("platform")
PLATFORM = "platform"
"""Namespace of what serves the cluster itself: scheduler, metrics, settings."""
INGRESS = INGRESS_NAMESPACE
GPU = "gpu"
"""Namespace of the device plugin alone: the only one of the platform's that is not `restricted`."""


def cluster_wide(parent: Resource, *after: Resource) -> Place:
    """Where objects without a namespace are made."""
    return Place("", OWNER, parent, after)


def inside(namespace: str, parent: Resource, *after: Resource) -> Place:
    """Where objects of one of the platform's namespaces are made."""
    return Place(namespace, OWNER, parent, after)

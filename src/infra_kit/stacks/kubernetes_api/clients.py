"""How resources get at the cluster: the right client for the context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.access import KUBERNETES
from infra_kit.plan.resource import RunContext

if TYPE_CHECKING:
    from infra_kit.inventory.access import Endpoint
    from infra_kit.plan.resource import ReadContext
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader, KubernetesWriter


def reader(context: ReadContext) -> KubernetesReader:
    """A client to read with: in a run that may write, the one that writes, so that there is one pool of connections.

    Raises:
        DeviceError: the cluster's endpoint, token or trust anchor is not known.
    """
    if isinstance(context, RunContext):
        return writer(context)
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader

    return context.connections.client(KUBERNETES, "kubernetes", KubernetesReader, KubernetesReader)


def writer(context: RunContext) -> KubernetesWriter:
    """A client to write with.

    Raises:
        DeviceError: the cluster's endpoint, token or trust anchor is not known.
    """
    from infra_kit.stacks.kubernetes_api.client import KubernetesWriter

    def opening(endpoint: Endpoint) -> KubernetesWriter:
        return KubernetesWriter(endpoint, context.interrupted)

    return context.connections.client(KUBERNETES, "kubernetes", KubernetesWriter, opening)

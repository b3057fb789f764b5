"""Which workspaces are on a cluster, what others have put into them, and what is left of one that was removed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from infra_kit.stacks.engines.server_side.applyset import STACK_LABEL, ApplySet
from infra_kit.stacks.engines.server_side.foreign import foreign_in_namespace
from infra_kit.stacks.kubernetes_api.answers import NotFoundError
from infra_kit.stacks.kubernetes_api.client import label
from infra_kit.stacks.parts.labels import PREFIX
from infra_kit.stacks.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_kit.stacks.kubernetes_api.client import KubernetesReader

_WORKSPACE: Final = f"{PREFIX}workspace"
_BY_THE_WAY: Final = frozenset({"Event"})
"""Kinds that tell of what was, and go by themselves."""


def stack_of(workspace: str) -> Stack:
    """A workspace's stack."""
    return Stack("workspaces", "workspaces", workspace)


def namespaces(client: KubernetesReader) -> dict[str, list[str]]:
    """Every workspace that has a namespace on the cluster -> its namespaces, its own first.

    Raises:
        DeviceError: the cluster cannot be asked.
    """
    found: dict[str, list[str]] = {}
    for each in client.list("v1", "Namespace", labels=_WORKSPACE, metadata_only=True):
        found.setdefault(each["metadata"]["labels"][_WORKSPACE], []).append(each["metadata"]["name"])
    return {workspace: sorted(names, key=lambda name: (name != workspace, name)) for workspace, names in found.items()}


def foreign(client: KubernetesReader, workspace: str, places: Sequence[str]) -> list[str]:
    """What neither infra-kit nor the workspace's own services made in its namespaces: `namespace: Kind/name`.

    Raises:
        DeviceError: not every kind can be looked at.
    """
    members = ApplySet(stack_of(workspace).name)
    return [f"{place}: {each}" for place in places for each in foreign_in_namespace(client, members, place)]


def remains(client: KubernetesReader, workspace: str) -> list[str]:
    """Everything on the cluster that carries a workspace's label or that of its stack: `Kind/namespace/name`.

    Raises:
        DeviceError: not every kind can be looked at.
    """
    found: set[str] = set()
    for resource in client.resources():
        if "delete" not in resource.verbs or resource.kind in _BY_THE_WAY:
            continue
        for selector in (f"{_WORKSPACE}={workspace}", f"{STACK_LABEL}={stack_of(workspace).name}"):
            try:
                listed = client.list(resource.api_version, resource.kind, labels=selector, metadata_only=True)
            except NotFoundError:
                break
            metadata = [each["metadata"] for each in listed]
            found |= {label(resource.kind, each.get("namespace") or "", each["name"]) for each in metadata}
    return sorted(found)


def counted(found: Sequence[str]) -> str:
    """`12 objects: 8 Pod, 4 Secret`."""
    kinds = Counter(each.partition("/")[0] for each in found)
    return f"{len(found)} object{'s' if len(found) != 1 else ''}: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())

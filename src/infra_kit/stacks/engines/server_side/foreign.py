"""What others have put into a namespace, or made of a kind, that infra-kit is about to remove with all that is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.engines.server_side.applyset import STACK_LABEL, ApplySet
from infra_kit.stacks.kubernetes_api.answers import NotFoundError
from infra_kit.stacks.stack import LABEL_PREFIX

if TYPE_CHECKING:
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader
    from infra_kit.stacks.kubernetes_api.discovery import ApiResource

Metadata = Mapping[str, Any]

_KUBERNETES_MAKES = frozenset(
    {
        ("ConfigMap", "kube-root-ca.crt"),
        ("ServiceAccount", "default"),
    }
)
"""In each namespace: the controllers root-ca-certificate-publisher and serviceaccount do
(https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/)."""
_BY_THE_WAY = frozenset({"Event", "Endpoints", "EndpointSlice", "Lease", "ControllerRevision"})
"""Kinds that come and go with others, or with a running program; nobody misses them."""
_TOKEN_OF = "kubernetes.io/service-account.name"  # noqa: S105  an annotation's name
_WORKSPACE_LABEL = f"{LABEL_PREFIX}workspace"


@dataclass(frozen=True, order=True, slots=True)
class Foreign:
    """An object that is not the stack's."""

    kind: str
    name: str
    stack: str = ""
    """Another stack of infra-kit that it belongs to."""

    def __str__(self) -> str:
        """`Secret/theirs`, `ConfigMap/settings of stack platform`."""
        return f"{self.kind}/{self.name}{f' of stack {self.stack}' if self.stack else ''}"


def foreign_in_namespace(reader: KubernetesReader, applyset: ApplySet, namespace: str) -> list[Foreign]:
    """Objects in a namespace that neither the stack, nor Kubernetes itself, nor a controller on behalf of either has made.

    The stack's own are its members, what carries its label `infra-kit.dev/stack` or that of its workspace (session pods and claims
    that a hub makes for a user), and what those own, however many steps away.

    Raises:
        DeviceError: not every kind can be looked at.
    """
    found: list[tuple[ApiResource, Metadata]] = []
    for resource in reader.resources():
        # What cannot be deleted is a view of something else (metrics of pods).
        if resource.namespaced and "delete" in resource.verbs and resource.kind not in _BY_THE_WAY:
            try:
                listed = reader.list(resource.api_version, resource.kind, namespace, metadata_only=True)
            except NotFoundError:
                continue
            found += [(resource, each["metadata"]) for each in listed]
    ours = _with_dependents([metadata for _, metadata in found], applyset)
    return sorted(
        {
            Foreign(resource.kind, str(metadata["name"]), _stack(metadata))
            for resource, metadata in found
            if metadata["uid"] not in ours and not _of_kubernetes(resource.kind, metadata)
        }
    )


def foreign_of_kind(reader: KubernetesReader, applyset: ApplySet, definition: Mapping[str, Any]) -> list[Foreign]:
    """Custom resources of a definition that are not the stack's.

    Raises:
        DeviceError: they cannot be read.
    """
    spec = definition["spec"]
    version = next((each["name"] for each in spec["versions"] if each.get("served")), None)
    if version is None:
        return []
    try:
        found = reader.list(f"{spec['group']}/{version}", spec["names"]["kind"], metadata_only=True)
    except NotFoundError:
        return []
    return sorted(
        Foreign(
            spec["names"]["kind"],
            "/".join(filter(None, (each["metadata"].get("namespace"), each["metadata"]["name"]))),
            _stack(each["metadata"]),
        )
        for each in found
        if not _own(each["metadata"], applyset) and not each["metadata"].get("deletionTimestamp")
    )


def _with_dependents(found: Iterable[Metadata], applyset: ApplySet) -> set[str]:
    """The uids of what is the stack's, of what is going anyway, and of all that either owns."""
    everything = list(found)
    present = {str(each["uid"]) for each in everything}
    ours = {str(each["uid"]) for each in everything if _own(each, applyset) or each.get("deletionTimestamp")}
    while True:
        more = {str(each["uid"]) for each in everything if each["uid"] not in ours and _follows(each, ours, present)}
        if not more:
            return ours
        ours |= more


def _follows(metadata: Metadata, ours: set[str], present: set[str]) -> bool:
    """Whether an object goes with its owners: all of them are the stack's, or gone already so that the collector will take it."""
    owners = [owner for owner in metadata.get("ownerReferences") or () if owner["kind"] != "Node"]
    return bool(owners) and all(owner["uid"] in ours or owner["uid"] not in present for owner in owners)


def _own(metadata: Metadata, applyset: ApplySet) -> bool:
    labels = metadata.get("labels") or {}
    _, _, workspace = applyset.stack.partition(".")
    return (
        applyset.owns({"metadata": metadata})
        or labels.get(STACK_LABEL) == applyset.stack
        or bool(workspace and labels.get(_WORKSPACE_LABEL) == workspace and STACK_LABEL not in labels)
    )


def _of_kubernetes(kind: str, metadata: Metadata) -> bool:
    token = kind == "Secret" and _TOKEN_OF in (metadata.get("annotations") or {})
    return token or (kind, metadata["name"]) in _KUBERNETES_MAKES


def _stack(metadata: Metadata) -> str:
    return str((metadata.get("labels") or {}).get(STACK_LABEL) or "")

"""What a stack has on the cluster, remembered by the cluster itself: the ApplySet convention of KEP-3659.

A parent object, here the ConfigMap `infra-kit/STACK`, says of which kinds and in which namespaces the members are; each member
carries the parent's id as a label. Whoever knows the convention (kubectl does) can find the members, and sees by the annotation
`tooling` that they are infra-kit's to prune.

Source: https://github.com/kubernetes/enhancements/tree/master/keps/sig-cli/3659-kubectl-apply-prune
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import infra_kit
from infra_kit.inventory.errors import RefusedError
from infra_kit.stacks.engines.engine import EngineName
from infra_kit.stacks.engines.server_side.covered import NAMESPACE, PREFIX, Covered, GroupKind, covered, present
from infra_kit.stacks.engines.server_side.ownership import PATCHED_BY
from infra_kit.stacks.kubernetes_api.answers import NotFoundError
from infra_kit.stacks.stack import FIELD_MANAGER, LABEL_PREFIX

if TYPE_CHECKING:
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader, KubernetesWriter
    from infra_kit.stacks.kubernetes_api.discovery import ApiResource
    from infra_kit.stacks.stack import ObjectKey

ID_LABEL = f"{PREFIX}id"
"""On the parent."""
PART_OF_LABEL = f"{PREFIX}part-of"
"""On each member."""
TOOLING = f"{PREFIX}tooling"
STACK_LABEL = f"{LABEL_PREFIX}stack"
ENGINE = f"{LABEL_PREFIX}engine"
"""Annotation of the parent: which engine the stack belongs to."""

_TOOL = "infra-kit"


@dataclass(frozen=True, slots=True)
class KnownStack:
    """A stack that the cluster remembers."""

    name: str
    engine: EngineName | None


class ApplySet:
    """The members of one stack. For many threads.

    Args:
        stack: the stack's name: `platform`, `workspaces.fraud`.
    """

    def __init__(self, stack: str) -> None:
        """Nothing is asked yet."""
        self.stack = stack
        self._guard = threading.Lock()
        self._covered: Covered | None = None
        """What the parent is known to say; None: not known."""

    @property
    def id(self) -> str:
        """The id that the convention prescribes for the parent."""
        return applyset_id(self.stack)

    def labels(self) -> dict[str, str]:
        """What every member carries."""
        return {PART_OF_LABEL: self.id, STACK_LABEL: self.stack}

    def ensure(
        self,
        writer: KubernetesWriter,
        kinds: Iterable[GroupKind],
        namespaces: Iterable[str],
        engine: EngineName,
        *,
        patches: Iterable[ObjectKey] = (),
    ) -> None:
        """Have the parent say at least this; to be called before a member is applied, or a patch.

        Args:
            writer: to do it with.
            kinds: of members.
            namespaces: of members.
            engine: whose the stack is.
            patches: objects of others that the stack sets fields of.

        Raises:
            RefusedError: the ConfigMap is not infra-kit's, or the stack belongs to another engine.
            DeviceError: it cannot be read or written.
        """
        wanted = Covered(frozenset(kinds), frozenset(namespaces) - {"", NAMESPACE}, frozenset(patches))
        with self._guard:
            if self._covered is None:
                parent = self._own_parent(writer, engine)
                self._covered = covered(parent) if parent else Covered()
                missing = parent is None
            else:
                missing = False
            if missing or self._covered | wanted != self._covered:
                self._write(writer, self._covered | wanted, engine)

    def shrink(self, writer: KubernetesWriter, engine: EngineName) -> None:
        """Have the parent say what there is, no more; where there is nothing it goes. To be called after a prune.

        Raises:
            RefusedError: the ConfigMap is not infra-kit's, or the stack belongs to another engine.
            DeviceError: it cannot be read or written.
        """
        with self._guard:
            parent = self._own_parent(writer, engine)
            if parent is None:
                return
            self._covered = None
            there = present(self.members(writer), self._patched(writer, covered(parent)))
            if there == Covered():
                writer.delete("v1", "ConfigMap", NAMESPACE, self.stack, uid=parent["metadata"]["uid"])
            elif there != covered(parent):
                self._write(writer, there, engine)

    def owner_engine(self, reader: KubernetesReader) -> EngineName | None:
        """The engine that the cluster remembers for the stack; None where it knows no such stack.

        Raises:
            RefusedError: the ConfigMap is not infra-kit's.
        """
        parent = self.parent(reader)
        return _engine(parent) if parent else None

    def parent(self, reader: KubernetesReader) -> dict[str, Any] | None:
        """The parent object.

        Raises:
            RefusedError: it is not infra-kit's.
        """
        found = reader.get("v1", "ConfigMap", NAMESPACE, self.stack)
        if found is None:
            return None
        metadata = found["metadata"]
        tooling = str((metadata.get("annotations") or {}).get(TOOLING) or "")
        identity = str((metadata.get("labels") or {}).get(ID_LABEL) or "")
        if tooling.partition("/")[0] != _TOOL or identity != self.id:
            raise RefusedError(
                reader.device,
                f"ConfigMap {NAMESPACE}/{self.stack} stands where infra-kit remembers the objects of that stack, and is not "
                f"infra-kit's: its tooling is {tooling or 'not said'}, its ApplySet id {identity or 'not said'}",
                remedy="find out whose it is; once it is renamed or deleted, apply again",
            )
        return found

    def members(self, reader: KubernetesReader) -> list[dict[str, Any]]:
        """apiVersion, kind and metadata of every member: one request for each kind that the parent names.

        Raises:
            RefusedError: the parent is not infra-kit's.
            DeviceError: they cannot be read.
        """
        parent = self.parent(reader)
        if parent is None:
            return []
        found = []
        for kind in sorted(covered(parent).kinds):
            resource = served(reader, *kind)
            if resource is None:
                continue  # its CustomResourceDefinition went, and all objects of the kind with it
            # Not by name of a namespace: one request for each kind, whatever the number of namespaces.
            with suppress(NotFoundError):
                found += reader.list(resource.api_version, resource.kind, labels=f"{PART_OF_LABEL}={self.id}", metadata_only=True)
        return found

    def owns(self, live: Mapping[str, Any]) -> bool:
        """Whether an object is a member of this very stack."""
        return bool(((live.get("metadata") or {}).get("labels") or {}).get(PART_OF_LABEL) == self.id)

    def _own_parent(self, reader: KubernetesReader, engine: EngineName) -> dict[str, Any] | None:
        parent = self.parent(reader)
        owner = _engine(parent) if parent else None
        if owner is not None and owner != engine:
            raise RefusedError(
                reader.device,
                f"stack {self.stack} belongs to the engine {owner}, and this run uses {engine}",
                remedy=f"use the engine {owner}, or destroy the stack with it first",
            )
        return parent

    def patched(self, reader: KubernetesReader) -> list[dict[str, Any]]:
        """The objects of others that the stack sets fields of.

        Raises:
            RefusedError: the parent is not infra-kit's.
            DeviceError: they cannot be read.
        """
        parent = self.parent(reader)
        return self._patched(reader, covered(parent)) if parent else []

    def _patched(self, reader: KubernetesReader, said: Covered) -> list[dict[str, Any]]:
        found = []
        for key in sorted(said.patches):
            resource = served(reader, key.group, key.kind)
            live = reader.get(resource.api_version, key.kind, key.namespace, key.name) if resource else None
            if live and (live["metadata"].get("annotations") or {}).get(PATCHED_BY) == self.stack:
                found.append(live)
        return found

    def _write(self, writer: KubernetesWriter, said: Covered, engine: EngineName) -> None:
        manifest = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": self.stack,
                "namespace": NAMESPACE,
                "labels": {ID_LABEL: self.id, STACK_LABEL: self.stack, "app.kubernetes.io/managed-by": FIELD_MANAGER},
                "annotations": {
                    TOOLING: f"{_TOOL}/{infra_kit.__version__}",
                    **said.annotations(),
                    ENGINE: engine,
                },
            },
        }
        try:
            writer.apply(manifest, manager=FIELD_MANAGER, force=True)
        except NotFoundError:
            writer.apply(_home(), manager=FIELD_MANAGER, force=True)
            writer.apply(manifest, manager=FIELD_MANAGER, force=True)
        self._covered = said


def applyset_id(stack: str) -> str:
    """`applyset-` + base64url(sha256("NAME.NAMESPACE.KIND.GROUP")) + `-v1`, of the parent."""
    digest = hashlib.sha256(f"{stack}.{NAMESPACE}.ConfigMap.".encode()).digest()
    return f"applyset-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}-v1"


def served(reader: KubernetesReader, group: str, kind: str) -> ApiResource | None:
    """How a kind is addressed, in the server's preferred version; None where it is not served (any more)."""

    def known() -> ApiResource | None:
        return next((each for each in reader.resources() if (each.group, each.kind) == (group, kind)), None)

    found = known()
    if found is None:  # what was asked before its CustomResourceDefinition came does not count
        reader.forget_resources()
        found = known()
    return found


def stacks(reader: KubernetesReader) -> list[KnownStack]:
    """Every stack that the cluster remembers.

    Raises:
        DeviceError: the cluster cannot be asked.
    """
    found = reader.list("v1", "ConfigMap", NAMESPACE, labels=f"{ID_LABEL},{STACK_LABEL}", metadata_only=True)
    return sorted(
        (
            KnownStack(each["metadata"]["name"], _engine(each))
            for each in found
            if str((each["metadata"].get("annotations") or {}).get(TOOLING) or "").partition("/")[0] == _TOOL
        ),
        key=lambda stack: stack.name,
    )


def _engine(parent: Mapping[str, Any]) -> EngineName | None:
    said = (parent["metadata"].get("annotations") or {}).get(ENGINE)
    return next((each for each in get_args(EngineName) if each == said), None)


def _home() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": NAMESPACE,
            "labels": {"app.kubernetes.io/managed-by": FIELD_MANAGER, "pod-security.kubernetes.io/enforce": "restricted"},
        },
    }

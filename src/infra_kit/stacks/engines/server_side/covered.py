"""What the parent of an ApplySet says of its members, in the annotations of the convention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra_kit.stacks.stack import LABEL_PREFIX, ObjectKey

NAMESPACE = "infra-kit"
"""Where the parents are."""
PREFIX = "applyset.kubernetes.io/"
KINDS = f"{PREFIX}contains-group-kinds"
NAMESPACES = f"{PREFIX}additional-namespaces"
PATCHES = f"{LABEL_PREFIX}patches"
"""Annotation of the parent: others' objects that the stack sets fields of, as `Kind.group/namespace/name`; they carry no label of ours."""

GroupKind = tuple[str, str]
"""(group, kind)."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What a parent says."""

    kinds: frozenset[GroupKind] = frozenset()
    namespaces: frozenset[str] = frozenset()
    patches: frozenset[ObjectKey] = frozenset()

    def __or__(self, other: Covered) -> Covered:
        """Both."""
        return Covered(self.kinds | other.kinds, self.namespaces | other.namespaces, self.patches | other.patches)

    def annotations(self) -> dict[str, str]:
        """As annotations of the parent."""
        found = {KINDS: ",".join(sorted(map(_text, self.kinds))), NAMESPACES: ",".join(sorted(self.namespaces))}
        return {**found, **({PATCHES: ",".join(sorted(map(_patch_text, self.patches)))} if self.patches else {})}


def present(members: Iterable[Mapping[str, Any]], patched: Iterable[Mapping[str, Any]]) -> Covered:
    """What a parent of these objects would say.

    Args:
        members: the stack's own.
        patched: others' objects that it sets fields of.
    """
    keys = [key_of(each) for each in members]
    kinds, namespaces = {(key.group, key.kind) for key in keys}, {key.namespace for key in keys} - {"", NAMESPACE}
    return Covered(frozenset(kinds), frozenset(namespaces), frozenset(key_of(each) for each in patched))


def covered(parent: Mapping[str, Any]) -> Covered:
    """What a parent says."""
    held = parent["metadata"].get("annotations") or {}
    kinds, namespaces, patches = ([each for each in str(held.get(name) or "").split(",") if each] for name in (KINDS, NAMESPACES, PATCHES))
    return Covered(frozenset(map(_parsed, kinds)), frozenset(namespaces), frozenset(map(_parsed_patch, patches)))


def key_of(live: Mapping[str, Any]) -> ObjectKey:
    """Which object it is."""
    metadata = live["metadata"]
    group = str(live["apiVersion"]).rpartition("/")[0]
    return ObjectKey(group, str(live["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"]))


def _text(kind: GroupKind) -> str:
    """`Deployment.apps`, `ConfigMap`: as Go's GroupKind writes it."""
    return f"{kind[1]}.{kind[0]}" if kind[0] else kind[1]


def _parsed(text: str) -> GroupKind:
    kind, _, group = text.partition(".")
    return group, kind


def _patch_text(key: ObjectKey) -> str:
    return f"{_text((key.group, key.kind))}/{key.namespace}/{key.name}"


def _parsed_patch(text: str) -> ObjectKey:
    kind, namespace, name = text.split("/")
    return ObjectKey(*_parsed(kind), namespace, name)

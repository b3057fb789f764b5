"""A stack: one program with its parameters, owned by one layer; and what evaluating the program yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FIELD_MANAGER = "infra-kit"
"""Under which name infra-kit owns fields of objects, whichever engine applies them."""
LABEL_PREFIX = "infra-kit.dev/"
"""Of every label and annotation of infra-kit's own."""
BUILT_IN_GROUPS = frozenset({"", "apps", "batch", "autoscaling", "policy"})
"""API groups whose kinds need no group in a resource id, beside those that end in `.k8s.io`."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack of a site.

    Args:
        layer: the layer that it belongs to: `cluster`, `workspaces`, `monitoring`.
        program: the folder beneath `stacks/` and the package beneath `infra_kit.stacks` that holds the program.
        parameter: what the program is told beside the site: a workspace's name; empty where there is one stack of the program.
        source: where the program is if it is none of ours: `FILE.py:FUNCTION`. `program` is then a name alone.
    """

    layer: str
    program: str
    parameter: str = ""
    source: str = ""

    @classmethod
    def of_name(cls, layer: str, name: str) -> Stack:
        """The stack of that name; the only way to one whose program has left the inventory."""
        program, _, parameter = name.partition(".")
        return cls(layer, program, parameter)

    @property
    def name(self) -> str:
        """`platform`, `workspaces.fraud`: unique in a site; the value of the label `infra-kit.dev/stack`."""
        return f"{self.program}.{self.parameter}" if self.parameter else self.program

    @property
    def scope(self) -> str:
        """What a run of this stack alone locks: `workspaces/fraud`; empty: the whole site."""
        return f"{self.layer}/{self.parameter}" if self.parameter else ""

    def resource_id(self, key: ObjectKey) -> str:
        """The id that an object of it has in a plan: `workspaces/Deployment/fraud/mlflow`."""
        return f"{self.layer}/{key.path}"


@dataclass(frozen=True, order=True, slots=True)
class ObjectKey:
    """Which object of a cluster is meant. `namespace` is empty for cluster-wide objects."""

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """`Kind/namespace/name` or `Kind/name`; `Kind.group` where the group is not one of Kubernetes' own."""
        own = self.group in BUILT_IN_GROUPS or self.group.endswith(".k8s.io")
        kind = self.kind if own else f"{self.kind}.{self.group}"
        return "/".join(part for part in (kind, self.namespace, self.name) if part)


@dataclass(frozen=True, slots=True)
class StackObject:
    """One Kubernetes object as a program asks for it.

    Secrets are not in it: a marker of `infra_kit.stacks.parts.secret` stands in the place of each, resolved at the last moment.
    """

    logical_name: str
    """Its Pulumi name, unique among the objects of its type in the program. Renaming it changes nothing on the cluster."""
    type: str
    """Its Pulumi type token, such as `kubernetes:apps/v1:Deployment`."""
    manifest: Mapping[str, Any]
    """apiVersion, kind, metadata and the rest, with camelCase keys, as the API server takes it."""
    component: tuple[str, ...] = ()
    """Names of the component resources that it is in, outermost first."""
    depends_on: frozenset[ObjectKey] = frozenset()
    """Objects of the same program that must be there (and ready) first."""
    patch: bool = False
    """A `...Patch` resource: fields of an object that somebody else creates; removed, it gives the fields up and leaves the object."""
    given_up: tuple[str, ...] = ()
    """`ignore_changes`: paths such as `spec.replicas` or `data` that are set at creation and then left to whoever changes them."""
    retain: bool = False
    """`retain_on_delete`: what leaves the program stays on the cluster."""
    ready_within_s: float | None = None
    """`custom_timeouts.create`: how long it may take to become ready; None: the engine's own limit for its kind."""

    @property
    def key(self) -> ObjectKey:
        """Which object it is."""
        group, _, _ = str(self.manifest["apiVersion"]).rpartition("/")
        metadata = self.manifest.get("metadata") or {}
        return ObjectKey(group, str(self.manifest["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"]))


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a program yields: its objects in an order that respects `depends_on`."""

    stack: Stack
    objects: tuple[StackObject, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What the program exports."""
    generated: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """The passwords that `parts.secret.generated` made for it: to be shown as `(generated)` wherever its objects are shown."""

"""Where a component's objects are made: in which namespace, for whom, beneath which component, after what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.parts.labels import Owner, labels

if TYPE_CHECKING:
    from pulumi import Resource, ResourceOptions


@dataclass(frozen=True, slots=True)
class Place:
    """What the objects of one component have in common.

    Args:
        namespace: the namespace of their own; empty for cluster-wide objects.
        owner: whose they are; goes into their labels.
        parent: the component resource that they are children of.
        after: what must be there first: the namespace's object, usually.
    """

    namespace: str
    owner: Owner
    parent: Resource | None = None
    after: tuple[Resource, ...] = ()

    def options(self, *after: Resource, **more: Any) -> ResourceOptions:
        """The Pulumi options of one object.

        Args:
            after: what this object needs beside what all of them need.
            more: other options, such as `ignore_changes`.
        """
        from pulumi import ResourceOptions

        return ResourceOptions(parent=self.parent, depends_on=[*self.after, *after], **more)

    def metadata(self, name: str, application: str, component: str = "", *, annotations: Mapping[str, str] | None = None) -> Any:
        """An object's metadata: its name, its namespace if it has one, the labels of `parts.labels`."""
        found: dict[str, Any] = {"name": name, "labels": labels(self.owner, application, component)}
        if self.namespace:
            found["namespace"] = self.namespace
        if annotations:
            found["annotations"] = dict(annotations)
        return found

    def logical(self, name: str) -> str:
        """A Pulumi name that is unique in the program, which may have the same object in many namespaces."""
        return f"{self.namespace}-{name}" if self.namespace else name

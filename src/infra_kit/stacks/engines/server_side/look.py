"""What was found out about one object, and the questions by which it is found out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.kubernetes_api.answers import NotFoundError
from infra_kit.stacks.stack import FIELD_MANAGER

if TYPE_CHECKING:
    from infra_kit.stacks.engines.server_side.alike import Alike
    from infra_kit.stacks.engines.server_side.conflicts import HeldField
    from infra_kit.stacks.engines.server_side.desired import Writer
    from infra_kit.stacks.engines.server_side.secrets import Resolved
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader
    from infra_kit.stacks.stack import StackObject

Object = dict[str, Any]
Change = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What was found out about one object."""

    state: Mapping[str, Any]
    """The engine's state dictionary."""
    wanted: Resolved
    fields: str | None = None
    """The annotation of the fields that infra-kit will hold; None where the server could not be asked."""
    held: Sequence[HeldField] = ()
    live: Object | None = None
    at: float = field(default_factory=time.monotonic)

    @property
    def action(self) -> str:
        """Of the state."""
        return str(self.state["action"])


@dataclass(frozen=True, slots=True)
class Question:
    """One object, and whom to ask about it.

    Args:
        client: to ask.
        writer: what is sent for the stack's objects.
        item: the object.
        expected: whether the program itself makes its kind (by a CustomResourceDefinition).
        alike: the forms of the stack's objects; None: each is judged by itself.
    """

    client: KubernetesReader
    writer: Writer
    item: StackObject
    expected: bool = False
    alike: Alike | None = None

    @property
    def what(self) -> str:
        """For messages."""
        return self.item.key.path

    @property
    def device(self) -> str:
        """The cluster."""
        return self.client.device

    def fetch(self) -> Object | None:
        """The object as it is now.

        Raises:
            DeviceError: it cannot be read.
        """
        key = self.item.key
        try:
            return self.client.get(str(self.item.manifest["apiVersion"]), key.kind, key.namespace, key.name)
        except NotFoundError:
            return None

    def dry_run(self, wanted: Resolved, *, force: bool) -> Object:
        """What an apply would come to.

        Raises:
            DeviceError: the server refuses it, or cannot be asked.
        """
        return self.client.dry_run_apply(wanted.manifest, manager=FIELD_MANAGER, force=force)

    def with_warnings(self, note: str) -> str:
        """A note, and what the server warned of when it was sent the object."""
        key = self.item.key
        warnings = self.client.warnings(key.kind, key.namespace, key.name)
        return "; ".join(filter(None, [note, *(f"the API server warns: {text}" for text in warnings)]))


def state(action: str, reason: str, changes: Sequence[Change], *, note: str = "", version: str = "") -> dict[str, Any]:
    """The engine's state dictionary; an object without a version is not there."""
    return {"present": bool(version), "version": version, "action": action, "reason": reason, "changes": list(changes), "note": note}

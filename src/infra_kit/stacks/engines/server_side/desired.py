"""What is sent of an object: the program's manifest with the stack's labels, secrets, what it gives up, and who changed it."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.engines.server_side.given_up import give_up, hand_over
from infra_kit.stacks.engines.server_side.ownership import AUDIT, CHANGED_BY, FIELDS, PATCHED_BY, RUN, Fields, owned
from infra_kit.stacks.engines.server_side.removal import RETAIN
from infra_kit.stacks.engines.server_side.secrets import Resolved, grown, resolve

if TYPE_CHECKING:
    from infra_kit.inventory.access import Access
    from infra_kit.stacks.stack import StackObject


@dataclass(frozen=True, slots=True)
class Writer:
    """What is the same for all objects of a stack.

    Args:
        stack: its name.
        labels: that each of its own objects carries beside the program's.
        device: the cluster's name.
        access: where secrets are resolved.
        scaled: whether a HorizontalPodAutoscaler scales the object.
        annotations: that each of its objects carries beside the program's.
    """

    stack: str
    labels: Mapping[str, str]
    device: str
    access: Access
    scaled: Callable[[Mapping[str, Any]], bool]
    annotations: Mapping[str, str] = field(default_factory=dict)

    def wanted(self, item: StackObject, live: dict[str, Any] | None) -> Resolved:
        """What applying an object would send, the audit annotations as they are.

        Args:
            item: the object.
            live: the object as it is; None where there is none, or where it is made anew.

        Raises:
            NoSecretError: a reference does not resolve.
        """
        resolved = resolve(item.manifest, self.device, self.access)
        manifest = resolved.manifest
        metadata = manifest["metadata"]
        if not item.patch:
            metadata["labels"] = {**(metadata.get("labels") or {}), **self.labels}
        annotations = {**(metadata.get("annotations") or {}), **self.annotations}
        if item.patch:
            annotations[PATCHED_BY] = self.stack
        elif item.retain:
            annotations[RETAIN] = "true"  # the journal may be lost by the day that it leaves the program
        tree: Fields = {}
        if live is not None:
            tree = owned(live)
            data = dict(manifest.get("data") or {})
            for path in item.given_up:
                give_up(manifest, live, tree, path)
            if _made_once(item, manifest) and (missing := grown(data, live.get("data") or {})):
                manifest["data"] = {**(manifest.get("data") or {}), **missing}
            if hand_over(manifest, live, tree) and self.scaled(live):
                manifest.setdefault("spec", {})["replicas"] = live["spec"]["replicas"]
        metadata["annotations"] = {**annotations, **_audit_as_it_is(live, tree), FIELDS: _annotations(live).get(FIELDS, "")}
        return resolved


def _made_once(item: StackObject, manifest: Mapping[str, Any]) -> bool:
    """Whether it is a Secret whose values are left alone once it has them."""
    return manifest["kind"] == "Secret" and not {"data", "stringData"}.isdisjoint(item.given_up)


def _annotations(live: Mapping[str, Any] | None) -> Mapping[str, str]:
    return ((live or {}).get("metadata") or {}).get("annotations") or {}


def _audit_as_it_is(live: Mapping[str, Any] | None, tree: Fields) -> dict[str, str]:
    held = (tree.get("f:metadata") or {}).get("f:annotations") or {}
    return {name: text for name, text in _annotations(live).items() if name in AUDIT and f"f:{name}" in held}


def signed(manifest: dict[str, Any], fields: str, run: str) -> dict[str, Any]:
    """A manifest as it is really sent: with the record of its fields, who changes it and in which run."""
    metadata = manifest["metadata"]
    annotations = {**metadata["annotations"], FIELDS: fields, CHANGED_BY: f"{getpass.getuser()}@{socket.gethostname()}", RUN: run}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}

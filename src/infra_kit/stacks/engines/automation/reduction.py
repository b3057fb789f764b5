"""What is kept of what Pulumi says: which resource, what is done to it, which fields. Values, which may be secret, are left out at once."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pulumi.automation import Deployment, EngineEvent, StepEventMetadata

_KUBERNETES = "kubernetes:"
_PULUMI = "pulumi:"
_OWN = "infra-kit.dev/"


def reduced(event: EngineEvent) -> dict[str, Any] | None:
    """An event as JSON; None where it says nothing of a Kubernetes object or of a failure.

    `{"moment": "before" | "done" | "failed", "urn", "type", "name", "op", "replaces", "fields"}` or
    `{"moment": "component", "urn"}` or `{"moment": "said", "urn", "severity", "text"}`.
    """
    if event.resource_pre_event is not None:
        return _step("before", event.resource_pre_event.metadata)
    if event.res_outputs_event is not None:
        return _step("done", event.res_outputs_event.metadata)
    if event.res_op_failed_event is not None:
        return _step("failed", event.res_op_failed_event.metadata)
    said = event.diagnostic_event
    if said is not None and said.severity in {"error", "warning"}:
        return {"moment": "said", "urn": said.urn or "", "severity": said.severity, "text": said.message}
    return None


def _step(moment: str, found: StepEventMetadata) -> dict[str, Any] | None:
    if not found.type.startswith(_KUBERNETES):
        return None if found.type.startswith(_PULUMI) else {"moment": "component", "urn": found.urn}
    differences = found.detailed_diff or {}
    op = str(getattr(found.op, "value", found.op))
    kinds = {str(getattr(each.diff_kind, "value", each.diff_kind)) for each in differences.values()}
    return {
        "moment": moment,
        "urn": found.urn,
        "type": found.type,
        "name": name_of(found.urn),
        "op": op,
        "replaces": "replace" in op or any("replace" in kind for kind in kinds),
        "fields": sorted(differences) or sorted(found.diffs or ()),
    }


def name_of(urn: str) -> str:
    """The logical name in a URN (it may itself contain `::`, its prefix cannot)."""
    return urn.split("::", 3)[3]


def members(deployment: Deployment) -> Iterator[dict[str, Any]]:
    """The Kubernetes objects in a stack's state: URN, type, logical name, which object, what it hangs on, own annotations."""
    for each in (deployment.deployment or {}).get("resources") or ():
        if not str(each["type"]).startswith(_KUBERNETES) or each.get("delete"):
            continue
        seen: Mapping[str, Any] = each.get("outputs") or each.get("inputs") or {}
        metadata = _plain(seen.get("metadata"))
        annotations = _plain(metadata.get("annotations"))
        yield {
            "urn": each["urn"],
            "type": each["type"],
            "name": name_of(each["urn"]),
            "api_version": seen.get("apiVersion"),
            "kind": seen.get("kind"),
            "namespace": metadata.get("namespace") or "",
            "object": metadata.get("name") or "",
            "retained": bool(each.get("retainOnDelete")),
            "needs": sorted({*(each.get("dependencies") or ()), *chain.from_iterable((each.get("propertyDependencies") or {}).values())}),
            "annotations": {key: text for key, text in annotations.items() if key.startswith(_OWN) and isinstance(text, str)},
        }


def _plain(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}

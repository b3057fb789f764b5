"""What the cluster's controllers say about an object: its Events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.stacks.kubernetes_api.client import KubernetesReader

_OF_THE_CLUSTER = "default"
"""The namespace of the events of objects that are in none."""


@dataclass(frozen=True, slots=True)
class ClusterEvent:
    """One event."""

    at: str
    """When it was last seen, RFC 3339 in UTC, so that text order is time order; to the second only, from some controllers."""
    warning: bool
    reason: str
    message: str

    def __str__(self) -> str:
        """`FailedScheduling: 0/3 nodes are available`."""
        return f"{self.reason}: {self.message}" if self.message else self.reason


def events_of(client: KubernetesReader, live: Mapping[str, Any]) -> list[ClusterEvent]:
    """The events of exactly this object (not of an earlier one of its name), the latest last.

    Raises:
        DeviceError: they cannot be read.
    """
    metadata = live["metadata"]
    found = client.list("v1", "Event", metadata.get("namespace") or _OF_THE_CLUSTER, fields=f"involvedObject.uid={metadata['uid']}")
    return sorted((_event(each) for each in found), key=lambda event: event.at)


def last_word(events: list[ClusterEvent]) -> ClusterEvent | None:
    """Of an object's events the one that says most: the latest warning, else the latest."""
    return next((event for event in reversed(events) if event.warning), events[-1] if events else None)


def _event(found: Mapping[str, Any]) -> ClusterEvent:
    # Old controllers count in `lastTimestamp`; those of events.k8s.io have `eventTime` and, for the later ones, a series.
    series = found.get("series") or {}
    at = (
        series.get("lastObservedTime") or found.get("lastTimestamp") or found.get("eventTime") or found["metadata"].get("creationTimestamp")
    )
    return ClusterEvent(
        str(at).rstrip("Z"), found.get("type") == "Warning", str(found.get("reason") or ""), str(found.get("message") or "").strip()
    )

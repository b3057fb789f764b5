"""Why an object does not become ready: its worst pod, and the last event of either, in the cluster's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import DeviceError
from infra_kit.stacks.kubernetes_api.events import events_of, last_word
from infra_kit.stacks.kubernetes_api.readiness import kind_of
from infra_kit.stacks.kubernetes_api.state import READY, condition
from infra_kit.stacks.kubernetes_api.workloads import is_early, trouble
from infra_kit.stacks.kubernetes_api.workloads import pod as pod_state

if TYPE_CHECKING:
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader
    from infra_kit.stacks.kubernetes_api.events import ClusterEvent

Object = Mapping[str, Any]

_WITH_PODS = frozenset({("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("batch", "Job")})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found out; parts that were not found are empty."""

    pod: str = ""
    trouble: str = ""
    """The pod's."""
    event: str = ""
    """The last one of the pod, or of the object where it has no pod."""

    def __str__(self) -> str:
        """`pod mlflow-0: Unschedulable: ...; last event: FailedScheduling: ...`; what has been said is not said again."""
        said = f"pod {self.pod}: {self.trouble or 'it gives no reason'}" if self.pod else ""
        message = self.event.partition(": ")[2] or self.event
        return "; ".join(part for part in (said, f"last event: {self.event}" if self.event and message not in said else "") if part)


def diagnose(client: KubernetesReader, live: Object) -> Diagnosis:
    """Look at the pods and events of an object that is not ready. Never fails: what cannot be read is left out."""
    try:
        pods = [each for each in pods_of(client, live) if pod_state(each) != READY]
        subjects = [max(pods, key=_badness)] if pods else [live, *_replica_sets(client, live)]
    except DeviceError:
        return Diagnosis()
    pod, why = (subjects[0]["metadata"]["name"], trouble(subjects[0])) if pods else ("", "")
    try:
        events = [event for each in subjects for event in events_of(client, each)]
    except DeviceError:
        events = []
    return Diagnosis(pod, why, _said(last_word(sorted(events, key=lambda event: event.at))))


def pods_of(client: KubernetesReader, live: Object) -> list[dict[str, Any]]:
    """The pods that a workload's selector finds and that it, or a ReplicaSet of its own, controls."""
    if kind_of(live) == ("", "Pod"):
        return [dict(live)]
    if kind_of(live) not in _WITH_PODS:
        return []
    owners = {live["metadata"]["uid"]} | {each["metadata"]["uid"] for each in _replica_sets(client, live)}
    found = client.list("v1", "Pod", live["metadata"]["namespace"], labels=selector_of(live))
    return [each for each in found if owners & {owner["uid"] for owner in each["metadata"].get("ownerReferences") or ()}]


def refused_pods(client: KubernetesReader, live: Object) -> str:
    """Why the API server takes no (more) pods of a workload, where that is the last that its controller said; else empty.

    A Deployment says it in its status, too; the others by events alone.

    Raises:
        DeviceError: the events cannot be read.
    """
    if kind_of(live) not in _WITH_PODS:
        return ""
    events = events_of(client, live)
    last = events[-1] if events else None
    return last.message if last and last.reason == "FailedCreate" and not is_early(last.message) else ""


def selector_of(live: Object) -> str:
    """A workload's selector in the form of a query: `app=a,tier in (b,c),!d`."""
    selector = (live.get("spec") or {}).get("selector") or {}
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        values = ",".join(each.get("values") or ())
        forms = {
            "In": f"{each['key']} in ({values})",
            "NotIn": f"{each['key']} notin ({values})",
            "Exists": each["key"],
            "DoesNotExist": f"!{each['key']}",
        }
        parts.append(forms[each["operator"]])
    return ",".join(parts)


def _replica_sets(client: KubernetesReader, live: Object) -> list[dict[str, Any]]:
    if kind_of(live) != ("apps", "Deployment"):
        return []
    uid = live["metadata"]["uid"]
    found = client.list("apps/v1", "ReplicaSet", live["metadata"]["namespace"], labels=selector_of(live), metadata_only=True)
    return [each for each in found if any(owner["uid"] == uid for owner in each["metadata"].get("ownerReferences") or ())]


def _badness(found: Object) -> tuple[int, str]:
    """What needs a person first: a container that fails, then a pod without a node, then the newest."""
    status = found.get("status") or {}
    unscheduled = condition(found, "PodScheduled").get("status") == "False"
    said = trouble(found)
    rank = 3 if said.startswith("container ") or status.get("phase") == "Failed" else 2 if unscheduled else 1 if said else 0
    return rank, str(found["metadata"].get("creationTimestamp") or "")


def _said(event: ClusterEvent | None) -> str:
    return str(event) if event else ""

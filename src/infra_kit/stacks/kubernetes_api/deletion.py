"""Waiting for an object to be gone; where it does not go, what holds it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import DeviceError, NotReadyError, UnreachableError
from infra_kit.plan.interruption import WaitInterruptedError
from infra_kit.plan.resource import never
from infra_kit.stacks.kubernetes_api.answers import ExpiredError, NotFoundError
from infra_kit.stacks.kubernetes_api.client import label
from infra_kit.stacks.kubernetes_api.outage import AwayError
from infra_kit.stacks.kubernetes_api.readiness import kind_of
from infra_kit.stacks.kubernetes_api.state import condition
from infra_kit.stacks.kubernetes_api.waiting import PATIENCE, silent

if TYPE_CHECKING:
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader

Object = Mapping[str, Any]

DEFAULT_LIMIT_S = 120.0
LIMITS_S: Mapping[tuple[str, str], float] = {
    # Everything in it has to go first, its pods with their grace.
    ("", "Namespace"): 300.0,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): 300.0,
}
"""Seconds, by (group, kind), beside a workload's own grace period."""
NAMED = 5
"""So many objects are named in a message; of the others only the number is."""

_OF_NAMESPACES = (
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
    "NamespaceDeletionContentFailure",
    "NamespaceDeletionDiscoveryFailure",
)
"""Conditions that say why a namespace stays (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/namespace-v1/)."""


def wait_gone(
    client: KubernetesReader,
    live: Object,
    *,
    within_s: float | None = None,
    progress: Callable[[str], None] = silent,
    interrupted: Callable[[], bool] = never,
) -> None:
    """Wait until exactly this object is gone (another of its name may be there by then).

    Args:
        client: to look with.
        live: the object as it was read last.
        within_s: at most so long; None: the limit of its kind.
        progress: told what holds it, at each look.
        interrupted: whether to stop; asked each second at least.

    Raises:
        NotReadyError: it is still there; names the finalizers that hold it and, of a namespace, what is left in it.
        UnreachableError: the API server has been given up, or has failed for a minute.
        WaitInterruptedError: the run was told to stop.
    """
    what = _what(live)
    limit = deletion_limit_s(live) if within_s is None else within_s
    begun = answered = time.monotonic()
    now: Object | None = live
    while True:
        try:
            now = _after_a_while(client, live)
            answered = time.monotonic()
        except AwayError:
            raise
        except UnreachableError:
            if time.monotonic() - answered >= PATIENCE.away_s:
                raise
            time.sleep(PATIENCE.pause_s)
        if now is None:
            return
        why = "; ".join(held_by(now)) or "it is being deleted"
        if interrupted():
            raise WaitInterruptedError(
                client.device,
                f"interrupted while waiting for {what} to be gone: {why}",
                remedy="run the same command again: it goes on from there",
            )
        if time.monotonic() - begun >= limit:
            raise NotReadyError(client.device, f"{what} is still there after {limit:.0f} s: {explained(client, now)}", remedy=_remedy(now))
        progress(f"{what}: {why}")


def deletion_limit_s(live: Object) -> float:
    """For how long an object may take to go, in seconds."""
    template = ((live.get("spec") or {}).get("template") or {}).get("spec") or live.get("spec") or {}
    grace = template.get("terminationGracePeriodSeconds") if isinstance(template, Mapping) else None
    return LIMITS_S.get(kind_of(live), DEFAULT_LIMIT_S) + float(grace or 0)


def held_by(live: Object) -> list[str]:
    """What keeps an object from going, as it says itself: its finalizers, and a namespace's conditions."""
    found = []
    metadata, spec = live.get("metadata") or {}, live.get("spec") or {}
    finalizers = [*(metadata.get("finalizers") or ()), *((spec.get("finalizers") or ()) if kind_of(live) == ("", "Namespace") else ())]
    # `kubernetes` is a namespace's own; the conditions say what it waits for.
    named = [each for each in finalizers if each != "kubernetes"]
    if named:
        found.append(f"held by finalizer{'s' if len(named) > 1 else ''} {', '.join(named)}")
    for kind in _OF_NAMESPACES:
        each = condition(live, kind)
        if each.get("status") == "True":
            found.append(str(each.get("message") or kind).rstrip())
    return found


def explained(client: KubernetesReader, live: Object) -> str:
    """What holds an object, and of a namespace the very objects that are left with their finalizers."""
    reasons = held_by(live)
    if kind_of(live) == ("", "Namespace"):
        left = _held_in(client, live["metadata"]["name"])
        if left:
            more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
            reasons.append(f"left in it: {', '.join(left[:NAMED])}{more}")
    return "; ".join(reasons) or "it gives no reason"


def _after_a_while(client: KubernetesReader, live: Object) -> Object | None:
    """The object as it is a second later; None as soon as it is gone."""
    metadata = live["metadata"]
    address = (live["apiVersion"], live["kind"], metadata.get("namespace") or "", metadata["name"])
    try:
        now = client.get(*address)
    except NotFoundError:
        return None  # a definition that went has taken the path of its kind along
    if now is None or now["metadata"]["uid"] != metadata["uid"]:
        return None
    try:
        # From the version just read, so that a deletion in between is told, too.
        for event in client.watch(*address, resource_version=now["metadata"]["resourceVersion"], timeout_s=PATIENCE.watch_s):
            if event["type"] == "DELETED":
                return None
            now = {**event["object"], "apiVersion": live["apiVersion"], "kind": live["kind"]}
    except ExpiredError:
        time.sleep(PATIENCE.pause_s)
    except NotFoundError:
        client.forget_resources()
    return now


def _held_in(client: KubernetesReader, namespace: str) -> list[str]:
    left = []
    for resource in client.resources():
        if not resource.namespaced or "delete" not in resource.verbs:
            continue
        try:
            found = client.list(resource.api_version, resource.kind, namespace, metadata_only=True)
        except DeviceError:
            continue  # a part of the answer is better than none
        left += [
            f"{resource.kind}/{each['metadata']['name']} (finalizer {', '.join(each['metadata']['finalizers'])})"
            for each in found
            if each["metadata"].get("finalizers")
        ]
    return sorted(left)


def _what(live: Object) -> str:
    metadata = live["metadata"]
    return label(live["kind"], metadata.get("namespace") or "", metadata["name"])


def _remedy(live: Object) -> str:
    if held_by(live):
        return (
            "see that the controller whose finalizer it is runs; remove the finalizer by hand only where that controller is gone for good"
        )
    return "look at the logs of kube-controller-manager, then run again"

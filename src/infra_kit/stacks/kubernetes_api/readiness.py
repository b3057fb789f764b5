"""When an object is ready, by its kind; and for how long that is waited for.

Not waited for, because nothing on a plain cluster need ever make it so: the address of a Service of type LoadBalancer and of an
Ingress (only where the annotation `infra-kit.dev/wait: address` asks for it), a HorizontalPodAutoscaler's metrics, a claim whose
storage class binds with the first pod.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from infra_kit.stacks.kubernetes_api.state import READY, Failed, State, Waiting, condition
from infra_kit.stacks.kubernetes_api.workloads import WORKLOADS
from infra_kit.stacks.stack import LABEL_PREFIX

Object = Mapping[str, Any]

WAIT = f"{LABEL_PREFIX}wait"
"""Annotation: `none`: ready as soon as it is applied; `address`: also wait for the address of a Service or an Ingress."""

DEFAULT_LIMIT_S = 120.0
LIMITS_S: Mapping[tuple[str, str], float] = {
    # An image of some GB over a slow link; `progressDeadlineSeconds` and `kubectl rollout` have the same ten minutes.
    ("apps", "Deployment"): 600.0,
    ("apps", "StatefulSet"): 600.0,
    ("apps", "DaemonSet"): 600.0,
    ("apps", "ReplicaSet"): 600.0,
    ("batch", "Job"): 600.0,
    ("", "Pod"): 600.0,
    ("", "Service"): 300.0,  # with `address` only: a router's announcement
    ("networking.k8s.io", "Ingress"): 300.0,
    ("", "PersistentVolumeClaim"): 120.0,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): 60.0,
    ("apiregistration.k8s.io", "APIService"): 120.0,
    ("", "Namespace"): 30.0,
}
"""Seconds, by (group, kind); everything else has `DEFAULT_LIMIT_S`."""


def state_of(live: Object, *, first_consumer: bool = False) -> State:
    """How far an object is.

    Args:
        live: as the API server has it.
        first_consumer: of a claim: its storage class binds with the first pod (`WaitForFirstConsumer`).
    """
    metadata = live.get("metadata") or {}
    if (metadata.get("annotations") or {}).get(WAIT) == "none":
        return READY
    if metadata.get("deletionTimestamp"):
        held = metadata.get("finalizers")
        return Failed(f"it is being deleted{', held by finalizer ' + ', '.join(held) if held else ''}")
    kind = kind_of(live)
    if kind == ("", "PersistentVolumeClaim"):
        return _claim(live, first_consumer=first_consumer)
    return _JUDGES.get(kind, _custom)(live)


def kind_of(live: Object) -> tuple[str, str]:
    """Its (group, kind)."""
    group, _, _ = str(live.get("apiVersion", "")).rpartition("/")
    return group, str(live.get("kind", ""))


def limit_s(live: Object) -> float:
    """For how long an object of this kind is waited for, in seconds."""
    return LIMITS_S.get(kind_of(live), DEFAULT_LIMIT_S)


def _claim(live: Object, *, first_consumer: bool) -> State:
    phase = (live.get("status") or {}).get("phase") or "Pending"
    if phase == "Lost":
        return Failed("it has lost its volume")
    return READY if phase == "Bound" or first_consumer else Waiting(f"it is {phase}")


def _volume(live: Object) -> State:
    status = live.get("status") or {}
    if status.get("phase") == "Failed":
        return Failed(f"it has failed: {status.get('message') or status.get('reason') or 'no reason given'}")
    # Released is not ready for a claim, but as ready as applying can make it.
    return READY if status.get("phase") in {"Available", "Bound", "Released"} else Waiting("it is not available yet")


def _namespace(live: Object) -> State:
    return READY if (live.get("status") or {}).get("phase") == "Active" else Waiting("it is not active yet")


def _definition(live: Object) -> State:
    names = condition(live, "NamesAccepted")
    if names.get("status") == "False":
        return Failed(f"its names are not accepted: {names.get('message')}", may_heal=True)
    if condition(live, "Established").get("status") == "True":
        return READY
    return Waiting(str(condition(live, "Established").get("message") or "it is not established yet"))


def _api_service(live: Object) -> State:
    available = condition(live, "Available")
    return READY if available.get("status") == "True" else Waiting(str(available.get("message") or "it is not available yet"))


def _address(live: Object) -> State:
    asked = ((live.get("metadata") or {}).get("annotations") or {}).get(WAIT) == "address"
    spec = live.get("spec") or {}
    if not asked or (live.get("kind") == "Service" and spec.get("type") != "LoadBalancer"):
        return READY
    given = ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress")
    return READY if given else Waiting("it has no address yet")


def _at_once(_live: Object) -> State:
    return READY


def _custom(live: Object) -> State:
    """By the conventions that most controllers keep: `observedGeneration`, and the conditions Ready and Stalled."""
    status = live.get("status")
    if not isinstance(status, Mapping):
        return READY  # nobody reports on it (yet)
    stalled, ready = condition(live, "Stalled"), condition(live, "Ready")
    if stalled.get("status") == "True":
        return Failed(_words(stalled) or "it is stalled", may_heal=True)
    seen, generation = status.get("observedGeneration"), (live.get("metadata") or {}).get("generation", 0)
    if ready and isinstance(seen, int) and seen < int(generation):
        return Waiting("its controller has not seen the change yet")
    return Waiting(_words(ready) or "it is not ready yet") if ready.get("status") in {"False", "Unknown"} else READY


def _words(found: Mapping[str, Any]) -> str:
    return ": ".join(str(part) for part in (found.get("reason"), found.get("message")) if part)


_JUDGES: Mapping[tuple[str, str], Callable[[Object], State]] = {
    **WORKLOADS,
    ("", "PersistentVolume"): _volume,
    ("", "Namespace"): _namespace,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("", "Service"): _address,
    ("networking.k8s.io", "Ingress"): _address,
    ("autoscaling", "HorizontalPodAutoscaler"): _at_once,
    ("batch", "CronJob"): _at_once,
    ("", "Node"): _at_once,
}

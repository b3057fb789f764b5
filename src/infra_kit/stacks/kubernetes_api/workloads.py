"""When a workload is ready: what its controller reports in `status`, read as `kubectl rollout status` reads it, and no less strict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from infra_kit.stacks.kubernetes_api.state import READY, Failed, State, Waiting, condition, counted

Object = Mapping[str, Any]

UNSEEN = Waiting("its controller has not seen the change yet")


def deployment(live: Object) -> State:
    """Ready once every replica is of the newest template and available, and no old one is left.

    A paused one is ready: it does not roll out, as asked.
    """
    spec, status = _halves(live)
    if spec.get("paused"):
        return READY
    if _unseen(live):
        return UNSEEN
    if stopped := _refused(live) or _overdue(live):
        return stopped
    wanted, updated = int(spec.get("replicas", 1)), int(status.get("updatedReplicas", 0))
    if updated < wanted:
        return Waiting(f"{counted(updated, wanted, 'replica')} updated")
    if (old := int(status.get("replicas", 0)) - updated) > 0:
        return Waiting(f"{old} old replica{'s are' if old > 1 else ' is'} still to go")
    return _available(int(status.get("availableReplicas", 0)), wanted)


def replica_set(live: Object) -> State:
    """Ready once every replica is available."""
    spec, status = _halves(live)
    if _unseen(live):
        return UNSEEN
    return _refused(live) or _available(int(status.get("availableReplicas", 0)), int(spec.get("replicas", 1)))


def stateful_set(live: Object) -> State:
    """Ready once every replica is available and, in a rolling update, every one above the partition is of the newest template."""
    spec, status = _halves(live)
    if _unseen(live):
        return UNSEEN
    wanted = int(spec.get("replicas", 1))
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type", "RollingUpdate") == "RollingUpdate":
        partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
        due, updated = max(0, wanted - partition), int(status.get("updatedReplicas", 0))
        # With one template only, currentRevision is the updateRevision and there is nothing to update.
        if updated < due and status.get("currentRevision") != status.get("updateRevision"):
            return Waiting(f"{counted(updated, due, 'replica')} updated")
    if (more := int(status.get("replicas", 0)) - wanted) > 0:
        return Waiting(f"{more} replica{'s are' if more > 1 else ' is'} still to go")
    return _available(int(status.get("availableReplicas", status.get("readyReplicas", 0))), wanted)


def daemon_set(live: Object) -> State:
    """Ready once every node that shall have a pod has one of the newest template that is available.

    With `OnDelete` the template of those that run does not matter.
    """
    spec, status = _halves(live)
    if _unseen(live):
        return UNSEEN
    wanted, updated = int(status.get("desiredNumberScheduled", 0)), int(status.get("updatedNumberScheduled", 0))
    if (spec.get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate" and updated < wanted:
        return Waiting(f"{counted(updated, wanted, 'pod')} updated")
    available = int(status.get("numberAvailable", 0))
    return READY if available >= wanted else Waiting(f"{counted(available, wanted, 'pod')} available")


def job(live: Object) -> State:
    """Ready once complete; a suspended one is ready as it is."""
    spec, status = _halves(live)
    if condition(live, "Complete").get("status") == "True":
        return READY
    failed = condition(live, "Failed")
    if failed.get("status") == "True":
        return Failed(f"it has failed: {failed.get('reason')}: {failed.get('message')}")
    if spec.get("suspend"):
        return READY
    done, wanted = int(status.get("succeeded", 0)), int(spec.get("completions") or spec.get("parallelism") or 1)
    retries = int(status.get("failed", 0))
    again = f", {retries} pod{'s have' if retries > 1 else ' has'} failed" if retries else ""
    return Waiting(f"{done} of {wanted} completion{'s' if wanted > 1 else ''}{again}")


def pod(live: Object) -> State:
    """Ready once its containers are, or once it has done its work."""
    status = live.get("status") or {}
    phase = status.get("phase")
    if phase == "Succeeded" or condition(live, "Ready").get("status") == "True":
        return READY
    if phase == "Failed":
        reason = status.get("reason") or trouble(live)
        return Failed(f"it has failed: {': '.join(part for part in (reason, status.get('message')) if part) or 'no reason given'}")
    return Waiting(trouble(live) or f"it is {phase or 'Pending'}")


def trouble(live: Object) -> str:
    """What keeps a pod from being ready, in the cluster's words; empty where it says nothing."""
    scheduled = condition(live, "PodScheduled")
    if scheduled.get("status") == "False":
        return ": ".join(str(part) for part in (scheduled.get("reason"), scheduled.get("message")) if part)
    status = live.get("status") or {}
    for each in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        state = each.get("state") or {}
        stopped = state.get("waiting") or (state.get("terminated") if (state.get("terminated") or {}).get("exitCode") else None)
        if stopped and stopped.get("reason") not in {"ContainerCreating", "PodInitializing"}:
            code = f" (exit code {stopped['exitCode']})" if stopped.get("exitCode") else ""
            words = ": ".join(str(part) for part in (stopped.get("reason"), stopped.get("message")) if part)
            return f"container {each.get('name')}: {words}{code}"
    ready = condition(live, "Ready")
    return str(ready.get("message") or "") if ready.get("status") == "False" else ""


def is_early(refusal: str) -> bool:
    """Whether pods are refused for now only: a namespace's `default` service account is made by a controller, soon after the namespace."""
    return 'serviceaccount "default" not found' in refusal


WORKLOADS: Mapping[tuple[str, str], Callable[[Object], State]] = {
    ("apps", "Deployment"): deployment,
    ("apps", "ReplicaSet"): replica_set,
    ("apps", "StatefulSet"): stateful_set,
    ("apps", "DaemonSet"): daemon_set,
    ("batch", "Job"): job,
    ("", "Pod"): pod,
}
"""The kinds whose readiness is that of pods."""


def _halves(live: Object) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return live.get("spec") or {}, live.get("status") or {}


def _unseen(live: Object) -> bool:
    seen = (live.get("status") or {}).get("observedGeneration", 0)
    return int(seen) < int((live.get("metadata") or {}).get("generation", 0))


def _available(available: int, wanted: int) -> State:
    return READY if available >= wanted else Waiting(f"{counted(available, wanted, 'replica')} available")


def _overdue(live: Object) -> Failed | None:
    progressing = condition(live, "Progressing")
    if progressing.get("status") != "False" or progressing.get("reason") != "ProgressDeadlineExceeded":
        return None
    return Failed(f"its rollout has stopped: {progressing.get('message')}")


def _refused(live: Object) -> Failed | None:
    """Pods that the API server does not take (quota, Pod Security): may heal when the quota is raised or another pod goes."""
    failure = condition(live, "ReplicaFailure")
    if failure.get("status") != "True" or is_early(str(failure.get("message"))):
        return None
    return Failed(f"its pods are refused: {failure.get('message')}", may_heal=True)

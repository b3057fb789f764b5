"""Jobs started by hand from the template of a CronJob, and waited for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from infra_kit.inventory.errors import RefusedError
from infra_kit.plan.resource import never
from infra_kit.stacks.engines.server_side.applyset import PART_OF_LABEL, STACK_LABEL
from infra_kit.stacks.kubernetes_api.waiting import silent, wait_ready

if TYPE_CHECKING:
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader, KubernetesWriter

BACKUP: Final = "backup"
"""The CronJob in a workspace's own namespace that copies its databases and its list of objects."""
RESTORE: Final = "restore"
"""The CronJob beside it that is never due: the template of a restoration."""
CHOSEN: Final = "BACKUP"
"""The environment variable that tells a restoration which backup; without it, it takes the newest."""
BY_HAND: Final = {"cronjob.kubernetes.io/instantiate": "manual"}
"""How `kubectl create job --from` marks such a job."""
_NAME_LENGTH = 63
"""Of a Job: its pods carry its name as a label."""


def template(client: KubernetesReader, namespace: str, name: str) -> dict[str, Any] | None:
    """The CronJob, or None where there is none.

    Raises:
        DeviceError: the cluster cannot be asked.
    """
    return client.get("batch/v1", "CronJob", namespace, name)


def start(client: KubernetesWriter, cron_job: Mapping[str, Any], settings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Make a Job from a CronJob's template now, as `kubectl create job --from` does.

    Args:
        client: to write with.
        cron_job: as it was read.
        settings: environment variables for each of its containers beside their own.

    Returns:
        The Job as the API server has it.

    Raises:
        DeviceError: the API server refuses it, or does not answer.
    """
    return client.create(_manifest(cron_job, settings or {}))


def wait(
    client: KubernetesReader,
    job: Mapping[str, Any],
    *,
    within_s: float | None = None,
    progress: Callable[[str], None] = silent,
    interrupted: Callable[[], bool] = never,
) -> None:
    """Wait until a Job has ended well.

    Args:
        client: to look with.
        job: as it was created.
        within_s: at most so long; None: the usual limit of a Job.
        progress: told how far it is.
        interrupted: whether to stop waiting.

    Raises:
        NotReadyError: it failed, or has not ended in time; names its pod and the last event.
        UnreachableError: the API server does not answer.
    """
    wait_ready(client, job, within_s=within_s, progress=progress, interrupted=interrupted)


def require(client: KubernetesReader, namespace: str, name: str) -> dict[str, Any]:
    """The CronJob.

    Raises:
        RefusedError: there is none.
        DeviceError: the cluster cannot be asked.
    """
    found = template(client, namespace, name)
    if found is None:
        raise RefusedError(
            client.device,
            f"workspace {namespace} has no CronJob {name} on the cluster",
            remedy=f"`infra-kit apply SITE --workspace {namespace}` puts it there",
        )
    return found


def _manifest(cron_job: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, Any]:
    pattern = deepcopy(cron_job["spec"]["jobTemplate"])
    metadata, owner = pattern.get("metadata") or {}, cron_job["metadata"]
    ending = dt.datetime.now(dt.UTC).strftime("-%Y%m%d-%H%M%S")
    pod = pattern["spec"]["template"]["spec"]
    for container in [*(pod.get("initContainers") or ()), *pod["containers"]]:
        kept = [each for each in container.get("env") or () if each["name"] not in settings]
        container["env"] = [*kept, *({"name": key, "value": value} for key, value in settings.items())]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": owner["name"][: _NAME_LENGTH - len(ending)] + ending,
            "namespace": owner["namespace"],
            "labels": {**_owners(owner.get("labels") or {}), **(metadata.get("labels") or {})},
            "annotations": {**(metadata.get("annotations") or {}), **BY_HAND},
            # So that it goes with its CronJob, and counts as the stack's own.
            "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "CronJob", "name": owner["name"], "uid": owner["uid"], "controller": True}
            ],
        },
        "spec": pattern["spec"],
    }


def _owners(labels: Mapping[str, str]) -> dict[str, str]:
    """The CronJob's labels, less those of a stack's members: the Job is nobody's but the CronJob's, with which it goes."""
    return {key: value for key, value in labels.items() if key not in {PART_OF_LABEL, STACK_LABEL}}

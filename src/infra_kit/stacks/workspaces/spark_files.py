"""Spark's settings and pod templates for one user's namespace, as files that every session and job finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from infra_kit.stacks.parts.labels import labels
from infra_kit.stacks.parts.pod import leaving_early
from infra_kit.stacks.parts.queues import placement
from infra_kit.stacks.parts.security import container_security, pod_security
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.workspaces.volumes import GROUP, PROJECT, PROJECT_PATH, RUNTIME_PATH, SPARK_EVENTS

if TYPE_CHECKING:
    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.names import User

DRIVER_PORT, BLOCK_MANAGER_PORT = 7078, 7079
"""Fixed, so that they can be told from other traffic."""


def spark_files(context: Context, user: User) -> dict[str, str]:
    """Texts by file name; none where the workspace has no Spark."""
    if not context.workspace.spark.enabled:
        return {}
    settings = rendered(
        "workspaces/spark-defaults.conf.j2",
        namespace=user.namespace,
        driver_port=DRIVER_PORT,
        block_manager_port=BLOCK_MANAGER_PORT,
        max_executors=context.workspace.spark.max_executors,
        event_log=f"file://{PROJECT_PATH}/{SPARK_EVENTS}",
        files=RUNTIME_PATH,
        packages=f"{PROJECT_PATH}/.local",
        scheduler="yunikorn" if placement(context.site, context.workspace, "spark").labels else "",
    )
    return {
        "spark-defaults.conf": settings,
        "spark_executor.py": rendered("workspaces/spark_executor.py.j2"),
        "executor.yaml": _pod_template(context, user, "executor"),
        "driver.yaml": _pod_template(context, user, "driver"),
    }


def _pod_template(context: Context, user: User, role: str) -> str:
    """A pod template: what Spark has no setting for. Spark adds image, resources, ports, variables and a local directory.

    `/tmp` is a volume here; `spark.local.dir` must stay unset, since Spark would mount a second one there.
    """
    placed = placement(context.site, context.workspace, f"{user.namespace}-spark")
    # The driver's image is a session's, and so is the executors': the template's user is theirs.
    uid = context.site.catalog.images["session-python"].uid
    mounts = [
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108
        {"name": PROJECT, "mountPath": PROJECT_PATH},
        {"name": "runtime", "mountPath": RUNTIME_PATH, "readOnly": True},
    ]
    container: dict[str, Any] = {"name": role, "securityContext": container_security(), "volumeMounts": mounts}
    if role == "executor":
        container["command"] = ["python3", f"{RUNTIME_PATH}/spark_executor.py"]  # a session's image has no entry point for it
    pod: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"labels": {**labels(user.owner, "spark", role), **placed.labels}},
        "spec": {
            "securityContext": {**pod_security(uid), "supplementalGroups": [GROUP]},
            "priorityClassName": "batch",
            "enableServiceLinks": False,
            "automountServiceAccountToken": role == "driver",
            "tolerations": leaving_early(),
            "containers": [container],
            "volumes": [
                {"name": "tmp", "emptyDir": {"sizeLimit": "4Gi"}},
                {"name": PROJECT, "persistentVolumeClaim": {"claimName": PROJECT}},
                {"name": "runtime", "configMap": {"name": "runtime"}},
            ],
        },
    }
    if placed.annotations:
        pod["metadata"]["annotations"] = dict(placed.annotations)
    return yaml.safe_dump(pod, sort_keys=False)

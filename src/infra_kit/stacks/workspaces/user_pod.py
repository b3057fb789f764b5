"""What every pod of a user has, whether a session or a job: variables, volumes, where it is mounted.

The variables that begin with CDSW are those that code written for CML expects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.stacks.parts.image import image
from infra_kit.stacks.workspaces.runtime import RUNTIME, SPARK_ACCOUNT
from infra_kit.stacks.workspaces.services import service
from infra_kit.stacks.workspaces.volumes import HOME, HOME_PATH, PROJECT, PROJECT_PATH, RUNTIME_PATH

if TYPE_CHECKING:
    from infra_kit.stacks.workspaces.context import Context

_PACKAGES = f"{PROJECT_PATH}/.local"
"""Where packages go that a user installs in a session: into the project, so that Spark's executors find them too."""


def environment(context: Context, user: str, kind: str) -> dict[str, str]:
    """Plain variables by name.

    Args:
        context: the workspace.
        user: the user's name, as the hub and the data cluster know them.
        kind: CML's name of what runs: `session`, `job`.
    """
    names = context.names
    # A client of CML's model metrics asks `monitoring.` in front of the API's host, one of its models `modelservice.`: the model-metrics
    # store and the auth proxy have Services of these names beside their own.
    api = f"http://{names.services}.svc.cluster.local:{service('model-metrics').port}/api/v1"
    found = {
        "HOME": HOME_PATH,
        "USER": user,
        "HADOOP_USER_NAME": user,
        "CDSW_PROJECT": context.workspace.name,
        "CDSW_PROJECT_ID": context.workspace.name,
        "CDSW_PROJECT_NUM": "1",
        "CDSW_PROJECT_CRN": names.project_crn(),
        "CDSW_PROJECT_URL": f"{api}/projects/{context.workspace.name}",
        "CDSW_API_URL": api,
        "CDSW_DOMAIN": names.domain,
        "CDSW_USERNAME": user,
        "CDSW_ENGINE_TYPE": kind,
        "PYTHONUSERBASE": _PACKAGES,
        "PIP_USER": "1",
        "R_LIBS_USER": f"{PROJECT_PATH}/.R",
        "TMPDIR": "/tmp",  # noqa: S108  a volume of the pod's own
    }
    if context.workspace.experiments:
        found["MLFLOW_TRACKING_URI"] = f"http://{names.address('mlflow')}"
    if context.workspace.spark.enabled:
        found["SPARK_CONF_DIR"] = RUNTIME_PATH
    return found


def image_environment(context: Context, name: str) -> dict[str, str]:
    """Variables that depend on the image: Spark's executors run the driver's own, so that Python and Spark are the same on both sides."""
    return {"SPARK_EXECUTOR_IMAGE": image(context.site, name)} if context.workspace.spark.enabled else {}


def environment_from_pod(context: Context) -> dict[str, str]:
    """Variables out of the pod's own fields: the field's path by the variable's name.

    With the pod's own address as its host name a Spark driver tells its executors an address that they can reach.
    """
    found = {"CDSW_ENGINE_ID": "metadata.name", "CDSW_MASTER_ID": "metadata.name", "POD_NAME": "metadata.name"}
    if context.workspace.spark.enabled:
        found |= {"SPARK_LOCAL_IP": "status.podIP", "SPARK_LOCAL_HOSTNAME": "status.podIP", "CDSW_IP_ADDRESS": "status.podIP"}
    return found


def volumes() -> list[dict[str, Any]]:
    """`volumes` of the pod, in the API's form; `/tmp` is the container's affair."""
    return [
        {"name": HOME, "persistentVolumeClaim": {"claimName": HOME}},
        {"name": PROJECT, "persistentVolumeClaim": {"claimName": PROJECT}},
        {"name": RUNTIME, "configMap": {"name": RUNTIME}},
    ]


def mounts() -> list[dict[str, Any]]:
    """`volumeMounts` of the container, in the API's form."""
    return [
        {"name": HOME, "mountPath": HOME_PATH},
        {"name": PROJECT, "mountPath": PROJECT_PATH},
        {"name": RUNTIME, "mountPath": RUNTIME_PATH, "readOnly": True},
    ]


def service_account(context: Context) -> str:
    """As whom the pod asks the API server: Spark's account, or nobody."""
    return SPARK_ACCOUNT if context.workspace.spark.enabled else ""

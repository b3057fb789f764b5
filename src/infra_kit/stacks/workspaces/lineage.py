"""Where lineage is reported to: Apache Atlas, by the models that are deployed and the code in sessions.

Sessions learn the address only, in `runtime`'s `lineage.json`: their users are known to Atlas themselves. Models run for the workspace
and log in with its own account, which the Secret `lineage` holds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import Secret

from infra_kit.stacks.parts.secret import referenced

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.context import Context

NAME = "lineage"
FILE = "lineage.json"
"""Among a user's `runtime` files; in the Secret of the models too."""
_PATH = "/etc/lineage"
_TYPES = {
    "project": "ml_project",
    "build": "ml_model_build",
    "deployment": "ml_model_deployment",
    "training": "ml_model_train_build_process",
}
"""Atlas' own types for machine learning (apache/atlas, addons/models/4000-MachineLearning/4010-ml_model.json)."""


def settings(context: Context) -> dict[str, Any]:
    """What a reporter of lineage must know; empty where the workspace reports none."""
    lineage = context.workspace.lineage
    if lineage is None:
        return {}
    return {
        "atlas": lineage.atlas,
        "project": context.workspace.name,
        "qualified_name": f"{context.workspace.name}@{context.site.site.name}",
        "crn": context.names.project_crn(),
        "types": _TYPES,
    }


def session_files(context: Context) -> dict[str, str]:
    """What goes into `runtime` of each user."""
    found = settings(context)
    return {FILE: json.dumps(found, indent=1, sort_keys=True)} if found else {}


def model_environment(context: Context) -> dict[str, str]:
    """Variables of a model: where its `lineage.json`, and the account beside it, are."""
    return {"LINEAGE_FOLDER": _PATH} if context.workspace.lineage else {}


def model_volumes(context: Context) -> list[dict[str, Any]]:
    """`volumes` of a model's pod."""
    return [{"name": NAME, "secret": {"secretName": NAME}}] if context.workspace.lineage else []


def model_mounts(context: Context) -> list[dict[str, Any]]:
    """`volumeMounts` of its container."""
    return [{"name": NAME, "mountPath": _PATH, "readOnly": True}] if context.workspace.lineage else []


class Lineage(ComponentResource):
    """Makes the models' Secret."""

    def __init__(self, context: Context, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:Lineage", context.names.cluster_wide(NAME), None, ResourceOptions(parent=parent))
        lineage = context.workspace.lineage
        assert lineage is not None, "made only where lineage is reported"
        values = session_files(context)
        if lineage.credential:
            account = context.site.credential_by_name[lineage.credential]
            values |= {"username": account.user, "password": referenced(account.password)}
        place = context.services(self)
        metadata = place.metadata(NAME, NAME)
        self.secret = Secret(place.logical(NAME), metadata=metadata, type="Opaque", string_data=values, opts=place.options())
        self.register_outputs({})

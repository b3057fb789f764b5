"""Running a program under a real Pulumi: by `pulumi up` in its folder, or by the automation engine.

What the embedded engine does to objects after an evaluation, a transform does here to each resource on its way to Pulumi's engine: the
labels that say whose it is, and secret references, which become secrets of Pulumi that its backend encrypts. And what infra-kit does not
wait for, Pulumi does not either: an Ingress has no address before its controller runs, a Service of a suspended workspace has no pods.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime import register_resource_transform

from infra_kit.inventory.errors import InfraKitError
from infra_kit.inventory.load import load_site
from infra_kit.inventory.secrets import SecretStore
from infra_kit.stacks.kubernetes_api.readiness import WAIT
from infra_kit.stacks.parts.secret import MARKER
from infra_kit.stacks.programs import source
from infra_kit.stacks.programs.assembly import holds_marker, is_kubernetes, is_patch, labelled, refuse_misplaced_secret
from infra_kit.stacks.programs.recording import revealed
from infra_kit.stacks.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.inventory.models.site import Site

SETTINGS = "infra-kit"
"""Namespace of the settings that `pulumi config set infra-kit:site FOLDER` makes."""
_LAYERS = {"platform": "cluster", "workspaces": "workspaces"}
_PARAMETERS = {"workspaces": "workspace"}
"""Program -> the setting that its parameter comes from."""
_SKIP_AWAIT = "pulumi.com/skipAwait"
_NOT_AWAITED = frozenset({"Service", "Ingress"})
"""Kinds whose readiness is, to Pulumi's provider, an address or pods behind it."""


def run(program: str) -> None:
    """What `stacks/PROGRAM/__main__.py` does under `pulumi up`.

    The setting `infra-kit:site` names the site's folder, relative to that of the program; `infra-kit:workspace` the workspace.

    Raises:
        pulumi.RunError: a setting is missing, the inventory has errors, a secret does not resolve, or the program fails.
    """
    settings = pulumi.Config(SETTINGS)
    parameter = settings.require(_PARAMETERS[program]) if program in _PARAMETERS else ""
    stack = Stack(_LAYERS[program], program, parameter)
    try:
        site = load_site(Path(settings.require("site")).expanduser())
        program_of(stack, site, SecretStore(site.folder))()
    except InfraKitError as error:
        # Pulumi shows a RunError's words alone, and everything else with a traceback.
        raise pulumi.RunError(str(error)) from None


def program_of(stack: Stack, site: Site, secrets: SecretStore) -> Callable[[], None]:
    """A stack's program for a real Pulumi engine.

    Args:
        stack: which one.
        site: what it is told.
        secrets: where references resolve: `Access.secrets`.

    Raises:
        ProgramError: there is no such program.
    """
    program = source.program_of(stack, site)

    def run_it() -> None:
        register_resource_transform(transform(stack, secrets))
        program()

    return run_it


def transform(stack: Stack, secrets: SecretStore) -> Callable[[pulumi.ResourceTransformArgs], pulumi.ResourceTransformResult | None]:
    """What is done to each resource on its way to Pulumi's engine."""

    def change(made: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if not made.custom or not is_kubernetes(made.type_):
            return None
        properties = {name: _resolved(made, value, secrets) for name, value in made.props.items()}
        if not is_patch(made.type_, properties):
            properties = _unawaited(labelled(stack, properties))
        return pulumi.ResourceTransformResult(properties, made.opts)

    return change


def _unawaited(properties: dict[str, Any]) -> dict[str, Any]:
    """With the annotation by which Pulumi's provider does not wait, on what infra-kit does not wait for."""
    metadata = properties["metadata"]
    annotations = metadata.get("annotations") or {}
    asked = annotations.get(WAIT)
    if _SKIP_AWAIT in annotations or not (asked == "none" or (properties.get("kind") in _NOT_AWAITED and asked != "address")):
        return properties
    return {**properties, "metadata": {**metadata, "annotations": {**annotations, _SKIP_AWAIT: "true"}}}


def _resolved(made: pulumi.ResourceTransformArgs, value: Any, secrets: SecretStore) -> Any:
    """A property with its references resolved: as a whole a secret if there was one in it.

    Raises:
        ProgramError: it is not a Secret's, so whoever reads the object would read the secret.
    """
    plain = revealed(value)
    if not holds_marker(plain):
        return value
    refuse_misplaced_secret(made.type_.rpartition(":")[2], made.name)
    return pulumi.Output.secret(_replaced(plain, secrets))


def _replaced(value: Any, secrets: SecretStore) -> Any:
    if isinstance(value, str):
        return MARKER.sub(lambda match: secrets.resolve(match["reference"]).get_secret_value(), value)
    if isinstance(value, dict):
        return {key: _replaced(each, secrets) for key, each in value.items()}
    return [_replaced(each, secrets) for each in value] if isinstance(value, list) else value

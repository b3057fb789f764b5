"""Having the API server check an object where it cannot be yet: its namespace, or its kind, is still to come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.kubernetes_api.answers import ConflictError, ForbiddenError
from infra_kit.stacks.stack import FIELD_MANAGER

if TYPE_CHECKING:
    from infra_kit.inventory.errors import RefusedError
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader

_STAND_IN = "default"
"""The namespace that every cluster has."""
_THROW_AWAY = "infra-kit-dry-run"
"""Under this name nothing is ever stored."""

REFUSED = "the API server refuses it"


def elsewhere(client: KubernetesReader, manifest: Mapping[str, Any], namespace: str) -> tuple[dict[str, Any] | None, str]:
    """Dry-run an object's creation in another namespace, under another name.

    Schema, strict fields and the values are checked; Pod Security, quota and what the object refers to cannot be.

    Args:
        client: to ask.
        manifest: the object.
        namespace: where it will be.

    Returns:
        What the server would make of it (None where it could not be asked), and a note for the plan.

    Raises:
        RefusedError: the server refuses it.
        DeviceError: it cannot be asked.
    """
    try:
        return probe(client, manifest, _STAND_IN), note_of(namespace)
    except ForbiddenError as error:
        return None, f"namespace {namespace} does not exist yet, and what was tried in its stead says nothing of it: {error.what}"


def note_of(namespace: str) -> str:
    """What a plan says of an object that was checked elsewhere."""
    return f"namespace {namespace} does not exist yet: checked in namespace {_STAND_IN}, without its Pod Security and quota"


def probe(client: KubernetesReader, manifest: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """Dry-run an object's creation under a name that is not taken.

    Raises:
        RefusedError: the server refuses it.
    """
    metadata = {**manifest["metadata"], "name": _THROW_AWAY}
    if namespace:
        metadata["namespace"] = namespace
    return client.dry_run_apply({**manifest, "metadata": metadata}, manager=FIELD_MANAGER, force=True)


def refused(device: str, what: str, error: RefusedError) -> RefusedError:
    """A refusal as a plan shows it; conflicts and RBAC have their own words."""
    if isinstance(error, ConflictError) or (isinstance(error, ForbiddenError) and error.why == "permission"):
        return error
    said = type(error)(device, f"{what}: {REFUSED}: {error.what}", remedy=error.remedy)
    said.__dict__ |= {name: value for name, value in error.__dict__.items() if name not in said.__dict__}  # causes and the like
    return said

"""Security contexts that Pod Security `restricted` takes (https://kubernetes.io/docs/concepts/security/pod-security-standards/)."""

from __future__ import annotations

from typing import Any

UID = 10001
"""The user that our images run as; facts of the images, see the image catalogue."""


def pod_security(uid: int = UID, *, fs_group: int | None = None) -> dict[str, Any]:
    """A pod's security context: no root, the runtime's own seccomp profile, volumes owned by the group."""
    return {
        "runAsNonRoot": True,
        "runAsUser": uid,
        "runAsGroup": uid,
        "fsGroup": uid if fs_group is None else fs_group,
        "fsGroupChangePolicy": "OnRootMismatch",  # `Always` walks a large volume at each start
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> dict[str, Any]:
    """A container's security context: nothing beyond its user's rights, nothing written outside its volumes."""
    return {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


PSS_RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/audit": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}
"""Labels of a namespace whose pods must all be `restricted`."""

"""Fields that others have set by kubectl, kept theirs.

Before it changes an object, the provider takes over what managers of certain names hold on it, kubectl's first of all, to lead objects
from client-side to server-side apply. What infra-kit does not set would then be infra-kit's, and be gone with the change. So, for the
moment of the change, these managers have other names.

Source: `fixCSAFieldManagers` in pulumi-kubernetes, provider/pkg/await/await.go (4.34.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TAKEN_OVER = ("kubectl", "before-first-apply", "pulumi-kubernetes", "pulumi-resource-kubernetes")
"""How the names begin."""
_SHIELD = "kept-by-infra-kit:"

Entries = list[dict[str, Any]]


def shielded(live: Mapping[str, Any]) -> Entries | None:
    """The managers of an object under names that the provider leaves alone; None where there is nothing to rename."""

    def name(entry: Mapping[str, Any]) -> str:
        own = str(entry.get("manager"))
        return f"{_SHIELD}{own}" if own.startswith(_TAKEN_OVER) and not entry.get("subresource") else own

    return _renamed(live, name)


def unshielded(live: Mapping[str, Any]) -> Entries | None:
    """The managers under their own names again; None where there is nothing to rename."""
    return _renamed(live, lambda entry: str(entry.get("manager")).removeprefix(_SHIELD))


def _renamed(live: Mapping[str, Any], name: Callable[[Mapping[str, Any]], str]) -> Entries | None:
    before = live["metadata"].get("managedFields") or []
    after = [{**each, "manager": name(each)} for each in before]
    return after if after != before else None

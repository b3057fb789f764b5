"""The labels that every object carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "infra-kit.dev/"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an object is: for chargeback and audit.

    Args:
        part_of: `platform`, or the workspace's name.
        team: the team that pays.
        workspace: the workspace that it belongs to.
        user: the user that it belongs to, as a label value.
    """

    part_of: str
    team: str = ""
    workspace: str = ""
    user: str = ""


def labels(owner: Owner, name: str, component: str = "") -> dict[str, str]:
    """Labels of an object: those that Kubernetes recommends, and the owner's.

    Args:
        owner: whose it is.
        name: the application, such as `mlflow`.
        component: its part in the application, such as `database`.
    """
    found = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": owner.part_of,
        "app.kubernetes.io/managed-by": "infra-kit",
        f"{PREFIX}team": owner.team,
        f"{PREFIX}workspace": owner.workspace,
        f"{PREFIX}user": owner.user,
    }
    return {key: value for key, value in found.items() if value}


def selector(found: Mapping[str, str]) -> dict[str, str]:
    """Of an object's labels, those that never change and may therefore select pods."""
    keys = ("app.kubernetes.io/name", "app.kubernetes.io/component", "app.kubernetes.io/part-of")
    return {key: found[key] for key in keys if key in found}

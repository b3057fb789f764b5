"""Scopes: the parts of a site that are changed by themselves, `workspaces/NAME`; the empty one is the whole site."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

WHOLE: Final = ("",)
"""The scopes of a run that may touch anything."""
WORKSPACES: Final = "workspaces"
"""The layer that workspaces are in, and the first part of their scopes."""
WITH_WORKSPACES: Final = frozenset({"storage", WORKSPACES})
"""The layers that have anything in a workspace's scope: where its volumes are the array's, their directories are."""


def workspace(name: str) -> str:
    """The scope of a workspace."""
    return f"{WORKSPACES}/{name}"


def together(scopes: Iterable[str]) -> tuple[str, ...]:
    """The scopes that a run over all of these has: sorted, and the whole site where one of them is, or where there is none."""
    found = set(scopes)
    return WHOLE if not found or "" in found else tuple(sorted(found))


def overlap(some: Collection[str], others: Collection[str]) -> bool:
    """Whether two runs of these scopes could touch the same thing."""
    return "" in some or "" in others or not set(some).isdisjoint(others)


def within(some: Collection[str], others: Collection[str]) -> bool:
    """Whether a run of the first scopes touches nothing beyond the others."""
    return "" in others or ("" not in some and set(some) <= set(others))


def workspaces(scopes: Iterable[str]) -> tuple[str, ...]:
    """The names of the workspaces among the scopes."""
    return tuple(each.partition("/")[2] for each in scopes if each.startswith(f"{WORKSPACES}/"))


def described(site: str, scopes: Collection[str]) -> str:
    """For messages: `site S`, or `workspaces fraud, churn of site S`."""
    if "" in scopes:
        return f"site {site}"
    names = workspaces(scopes)
    return f"workspace{'s' if len(names) > 1 else ''} {', '.join(names)} of site {site}"

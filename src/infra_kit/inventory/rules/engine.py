"""Runs every rule over a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_kit.inventory.load import Loaded


def check(loaded: Loaded) -> None:
    """Add every rule's findings."""

"""BIOS profiles: named sets of attributes."""

from __future__ import annotations

from infra_kit.inventory.models.base import Noun


class BiosProfile(Noun):
    """Attributes by their Redfish names; a profile may build on another."""

    name: str
    description: str = ""
    base: str | None = None
    attributes: dict[str, str | int]

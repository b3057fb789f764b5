"""Racks and their power feeds."""

from __future__ import annotations

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Name, RackUnit, Watts


class PowerFeed(Noun):
    """One feed of a rack; a device with two supplies draws from both and must survive on one."""

    name: Name
    budget_w: Watts


class Rack(Noun):
    """A rack: its height, its feeds, and the failure domain it is."""

    name: Name
    height_units: RackUnit = 42
    feeds: list[PowerFeed]
    row: str = ""

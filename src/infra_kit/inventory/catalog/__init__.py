"""The hardware catalogue: what the reference hardware is, as data with sources; a site's own `catalog/` folder adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.catalog.models import ArrayModel, GpuModel, ProcessorModel, ServerModel, SwitchModel
    from infra_kit.inventory.models.bios import BiosProfile


@dataclass(frozen=True, slots=True)
class Catalog:
    """Models by name."""

    servers: Mapping[str, ServerModel]
    switches: Mapping[str, SwitchModel]
    arrays: Mapping[str, ArrayModel]
    gpus: Mapping[str, GpuModel]
    processors: Mapping[str, ProcessorModel]
    bios_profiles: Mapping[str, BiosProfile]

"""The catalogue: what the reference hardware is and which images and runtimes run on it, as data; a site's `catalog/` adds to it.

A site describes a model of its own, or corrects a figure of ours, in any `catalog/*.yaml` of its folder, in the form of the
files in `data/`: sections `servers`, `switches`, `arrays`, `gpus`, `processors`, `bios_profiles`, `images`, `runtimes`, `sizes`,
each a list by name. A model of the same name replaces ours as a whole. Each figure says its `value`, its `source`, and its
`status`; one marked `verify` only ever warns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.catalog.models import ArrayModel, GpuModel, ProcessorModel, ServerModel, SwitchModel
    from infra_kit.inventory.catalog.software import ImageModel, RuntimeModel, Size
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
    images: Mapping[str, ImageModel]
    runtimes: Mapping[str, RuntimeModel]
    sizes: Mapping[str, Size]

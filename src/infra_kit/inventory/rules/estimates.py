"""Power estimates from catalogue figures; every one that is not confirmed makes the whole an estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_kit.inventory.catalog import Catalog
    from infra_kit.inventory.models.server import ServerProfile

_DRIVE_W = {"hdd": 10, "ssd": 8, "nvme": 15, "m.2": 5}
"""Typical draw of one drive under load: general knowledge, an estimate."""
_DIMM_W = 5
"""Typical draw of one DDR4 module under load: general knowledge, an estimate."""


def server_watts(profile: ServerProfile, catalog: Catalog) -> int:
    """What one server of a profile draws under full load, W: an estimate, never a fact."""
    model = catalog.servers.get(profile.model)
    processor = catalog.processors.get(profile.processors.model)
    watts = model.idle_w.value if model else 0
    watts += profile.processors.count * processor.max_w.value if processor else 0
    watts += profile.memory.dimms * _DIMM_W
    watts += sum(group.count * _DRIVE_W[group.media] for group in profile.disks)
    gpu = catalog.gpus.get(profile.gpus.model) if profile.gpus else None
    return watts + (profile.gpus.count * gpu.max_w.value if gpu and profile.gpus else 0)

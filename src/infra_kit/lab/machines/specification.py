"""What all lab machines have in common."""

from __future__ import annotations

import functools
from pathlib import Path

import yaml

from infra_kit.inventory.models.base import Noun

TABLE = Path(__file__).with_name("data") / "machine.yaml"


class Emulation(Noun):
    """The table of what all machines have in common."""

    qemu: list[str]
    """Arguments."""
    kernel: str
    """Its command line."""
    memory_mib: int
    system_disk_gib: int
    network_cards: int
    network_card: str
    """The device, with its properties."""
    data_disks: int
    data_disk_gib: int
    boot_s: float
    resume_s: float


@functools.cache
def emulation() -> Emulation:
    """The table."""
    return Emulation.model_validate(yaml.load(TABLE.read_bytes(), Loader=yaml.CSafeLoader))

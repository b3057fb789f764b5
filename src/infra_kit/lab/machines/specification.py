"""What a lab machine shall be, and what all have in common."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from infra_kit.inventory.models.base import Noun

if TYPE_CHECKING:
    from infra_kit.lab.hosts.specification import HostSpec

TABLE = Path(__file__).with_name("data") / "machine.yaml"


class Emulation(Noun):
    """The table of what all machines have in common."""

    qemu: list[str]
    """Arguments."""
    kernel: str
    """Its command line."""
    system_disk_gib: int
    network_cards: int
    data_disks: int
    data_disk_gib: int
    memory_mib: int
    boot_s: float
    resume_s: float


@functools.cache
def emulation() -> Emulation:
    """The table."""
    return Emulation.model_validate(yaml.load(TABLE.read_bytes(), Loader=yaml.CSafeLoader))


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """One machine.

    Args:
        host: its name, interfaces, login and host key.
        memory_mib: what it has.
    """

    host: HostSpec
    memory_mib: int

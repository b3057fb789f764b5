"""Variables of the role storage."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra_kit.layers.hosts.facts import HostFacts

_FOLDERS = {"data": "/data", "spill": "/spill", "metadata": "/metadata"}
"""Where disks of a purpose are mounted: /data/1, /data/2, ... as the data cluster has it. Boot disks are the installer's."""


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host: one mount for every disk of its profile that is not for booting."""
    numbers = {purpose: count(1) for purpose in _FOLDERS}
    mounts = [
        {
            "mount": f"{_FOLDERS[disks.purpose]}/{next(numbers[disks.purpose])}",
            "size_gb": int(disks.size_gb),
            "rotational": disks.media == "hdd",
        }
        for disks in facts.profile.disks
        if disks.purpose in _FOLDERS
        for _ in range(disks.count)
    ]
    return {"storage_mounts": mounts, "storage_filesystem": facts.os.filesystem}

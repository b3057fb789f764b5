"""What this machine needs for lab hosts."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path

_PACKAGES = {
    "conmon": "conmon",
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
    "podman": "podman netavark",
    "runc": "runc",
    "unshare": "util-linux",
}
"""Program -> Debian's packages of it."""
CLUSTER_DISK_GB = 20
"""Disk that a cluster with the reference sites' two workspaces was seen to take: every node keeps the images that its pods run from."""
_LEAVE_OUT = "or leave the hosts out: `--without hosts`"


def require(*programs: str) -> None:
    """See that we are root and that the programs are there.

    Raises:
        LabError: not so; with what to do about it.
    """
    if os.geteuid() != 0:
        raise LabError("lab hosts are containers in network namespaces, which takes root", remedy=f"run it as root, {_LEAVE_OUT}")
    missing = [name for name in programs if shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin") is None]
    if missing:
        packages = " ".join(dict.fromkeys(_PACKAGES[name] for name in missing))
        raise LabError(
            f"lab hosts need {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not on this machine",
            remedy=f"`apt-get install --no-install-recommends {packages}`, {_LEAVE_OUT}",
        )


def disk_is_scarce(folder: Path) -> str | None:
    """What to say where a cluster's images may not fit onto the file system of a folder; None where they do."""
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb >= CLUSTER_DISK_GB:
        return None
    return f"{free_gb:.0f} GB of disk are free: two workspaces take {CLUSTER_DISK_GB} GB, and a node with less than 1 GiB left evicts pods"


def require_hosts() -> None:
    """See that hosts can run here.

    Raises:
        LabError: not so.
    """
    require("podman", "runc", "conmon", "ip", "nsenter", "unshare")

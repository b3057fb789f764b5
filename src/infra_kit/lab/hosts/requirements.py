"""What this machine needs for lab hosts."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from infra_kit.inventory.errors import LabError

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
_INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
_SETTING = "fs.inotify.max_user_instances"
_OF_A_HOST = 4
"""inotify instances: three of its systemd, one of the bus once it is used; counted."""
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


def require_hosts(number: int) -> None:
    """See that so many hosts can run here.

    Raises:
        LabError: not so.
    """
    require("podman", "runc", "conmon", "ip", "nsenter", "unshare")
    limit, used = int(_INSTANCES.read_text(encoding="ascii")), inotify_instances()
    if used + number * _OF_A_HOST > limit:
        raise LabError(
            f"root has {used} of its {limit} inotify instances on this machine in use, and {number} hosts need {number * _OF_A_HOST}"
            " (each Kubernetes node some 8 more, a control-plane node some 20)",
            remedy=f"`sysctl -w {_SETTING}=1024` as root, which the lab does not do by itself, {_LEAVE_OUT}",
        )


def inotify_instances() -> int:
    """How many root's processes hold."""
    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        # One that is gone meanwhile has none.
        with contextlib.suppress(OSError):
            if process.stat().st_uid == 0:
                found += sum(str(each.readlink()) == "anon_inode:inotify" for each in (process / "fd").iterdir())
    return found

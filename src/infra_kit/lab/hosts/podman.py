"""podman for one lab: all that it and runc keep is in the lab's run folder, nothing is shared with any other use of podman here."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.hosts.namespace import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra_kit.lab.hosts.disk import Disk
    from infra_kit.lab.hosts.namespace import Namespace

OWN = "/usr/lib/lab"
"""Where a host has the lab's own files."""
_CONTAINERS_CONF = """\
[containers]
default_ulimits = []
log_driver = "none"
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
runtime = "runc"
static_dir = "{folder}/static"
tmp_dir = "{folder}/tmp"
volume_path = "{folder}/volumes"
[network]
network_config_dir = "{folder}/networks"
"""
# No image is ever stored; this driver needs no mount of its own.
_STORAGE_CONF = """\
[storage]
driver = "vfs"
graphroot = "{folder}/graph"
runroot = "{folder}/run"
"""
# The machine's own: its clock, its kernel's modules, memory, log and security modules. The rest a systemd and a kubelet need.
_DROPPED = ("AUDIT_CONTROL", "BLOCK_SUSPEND", "MAC_ADMIN", "MAC_OVERRIDE", "SYS_MODULE", "SYS_RAWIO", "SYS_TIME", "WAKE_ALARM")

_TRIES = 50
_PAUSE_S = 0.1


class Podman:
    """Containers of one lab.

    Args:
        folder: for its state; gone with the lab.
        group: the control group above all of them.
    """

    def __init__(self, folder: Path, group: str) -> None:
        """Nothing is written yet."""
        self._folder = folder
        self._group = group
        self.notifications = folder / "notifications"
        """Where runc connects to with each container's seccomp descriptor."""

    def configure(self) -> None:
        """Write its settings."""
        self._folder.mkdir(parents=True)
        for name, text in (("containers.conf", _CONTAINERS_CONF), ("storage.conf", _STORAGE_CONF)):
            (self._folder / name).write_text(text.format(folder=self._folder), encoding="utf-8")
        # Everything is allowed; keeper.py makes the inotify instances.
        asked = {"names": ["inotify_init1"], "action": "SCMP_ACT_NOTIFY"}
        profile = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": str(self.notifications), "syscalls": [asked]}
        self._seccomp.write_text(json.dumps(profile), encoding="utf-8")

    @property
    def _seccomp(self) -> Path:
        return self._folder / "seccomp.json"

    def run(self, name: str, *, disk: Disk, namespace: Namespace, own: dict[str, Path], pid_file: Path) -> None:
        """Start a host's container.

        Args:
            name: of the host.
            disk: mounted.
            namespace: its network.
            own: name beneath OWN -> file or folder that is there.
            pid_file: where its systemd's pid is written.
        """
        binds = [*disk.volumes.items(), *((f"{OWN}/{inside}", outside) for inside, outside in own.items())]
        self._call(
            *("run", "--detach", "--name", name, "--hostname", name, "--systemd=always", "--pidfile", str(pid_file)),
            *("--cgroupns=private", f"--cgroup-parent=/{self._group}", "--network", f"ns:{namespace.file}", "--no-hosts", "--dns", "none"),
            *("--cap-add", "ALL", *_each("--cap-drop", _DROPPED), "--device", "/dev/kmsg", "--tmpfs", "/tmp"),  # noqa: S108  the host's
            *_each("--security-opt", (f"seccomp={self._seccomp}", "apparmor=unconfined", "unmask=/proc/sys")),
            *_each("--volume", (f"{outside}:{inside}{':ro' if inside.startswith(OWN) else ''}" for inside, outside in binds)),
            *("--rootfs", str(disk.root), "/bin/sh", f"{OWN}/entry.sh"),
        )

    def start(self, name: str) -> None:
        """Start a host that ended, as it was."""
        self._call("start", name)

    def exit_code(self, name: str) -> int:
        """With which a host has ended, whose first process is gone.

        Raises:
            LabError: podman does not see that it has.
        """
        # Not `podman wait`: it never returns where the container ended just before it looked (4.3).
        for _ in range(_TRIES):
            status, code = self._call("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", name).split()
            if status in {"exited", "stopped"}:
                return int(code)
            time.sleep(_PAUSE_S)
        raise LabError("podman does not see that the host has ended", where=name)

    def pause(self, name: str) -> None:
        """Freeze every process of a host."""
        self._call("pause", name)

    def unpause(self, name: str) -> None:
        """Let them go on."""
        self._call("unpause", name)

    def execute(self, name: str, command: str) -> str:
        """Run a shell command as root in a host; what it printed.

        Raises:
            LabError: it failed; with its words.
        """
        return self._call("exec", name, "/bin/sh", "-c", command)

    def _call(self, *arguments: str) -> str:
        env = {"CONTAINERS_CONF": f"{self._folder}/containers.conf", "CONTAINERS_STORAGE_CONF": f"{self._folder}/storage.conf"}
        return run("podman", f"--runtime-flag=root={self._folder}/runc", *arguments, env=env)


def _each(option: str, values: Iterator[str] | tuple[str, ...]) -> list[str]:
    return [word for value in values for word in (option, value)]

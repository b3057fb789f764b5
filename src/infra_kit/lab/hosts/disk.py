"""A host's disk: what it has written over the cached root file system, kept in the lab's folder while the lab is down."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from passlib.hash import sha512_crypt

from infra_kit.inventory.errors import LabError
from infra_kit.lab.hosts.capacity import write_readable
from infra_kit.lab.hosts.namespace import run
from infra_kit.lab.hosts.root_filesystem import locate
from infra_kit.lab.private_file import write_private

if TYPE_CHECKING:
    from infra_kit.lab.hosts.specification import HostSpec

VOLUMES = {"/var/lib/containerd": 0o711, "/var/lib/containers": 0o755, "/var/lib/etcd": 0o700, "/var/lib/kubelet": 0o755}
"""Folder -> mode. Not on the overlay: containers' own overlays cannot be on one, and the kubelet and etcd ask for a real file system."""

_HASHING = threading.Lock()  # passlib sets itself up at its first use, and not for two threads at once


EXPORTS = "/srv/lab-nfs"
"""Where a host has what all hosts share; data/mount.nfs mounts from there."""


class Disk:
    """One host's disk.

    Args:
        folder: where it is kept.
        mounted: where its root is mounted while the host is there.
        spec: the host.
        exports: what all hosts share, as the exports of one NFS server.
    """

    def __init__(self, folder: Path, mounted: Path, spec: HostSpec, exports: Path) -> None:
        """Nothing is made yet."""
        self._exports = exports
        self._folder = folder
        self._spec = spec
        self.root = mounted

    @property
    def volumes(self) -> dict[str, Path]:
        """Folder in the host -> the folder that is bound there."""
        own = {place: self._folder / "volumes" / Path(place).name for place in VOLUMES}
        return {**own, EXPORTS: self._exports}

    def mount(self) -> None:
        """Make it where it is new, and mount it with what the lab says of the host.

        Raises:
            LabError: the root file system that it was made from is no longer in the cache, or it cannot be mounted.
        """
        lower = self._lower()
        for place in (self._folder / "upper", self._folder / "work"):
            place.mkdir(exist_ok=True)
        (self._folder / "upper").chmod(0o755)
        for inside, bound in self.volumes.items():
            bound.mkdir(parents=True, exist_ok=True)
            bound.chmod(VOLUMES.get(inside, 0o755))
        self.root.mkdir(parents=True, exist_ok=True)
        options = f"lowerdir={lower},upperdir={self._folder}/upper,workdir={self._folder}/work"
        run("mount", "-t", "overlay", "overlay", "-o", options, str(self.root))
        self._identify()

    def _lower(self) -> Path:
        """The root file system that it was made from: over another one it would not fit together."""
        made_from = self._folder / "root-filesystem"
        if not made_from.exists():
            # Without it nothing here was finished: a start that was killed.
            shutil.rmtree(self._folder, ignore_errors=True)
            lower = locate(self._spec.root_filesystem)
            write_private(made_from, str(lower))
            return lower
        lower = Path(made_from.read_text(encoding="utf-8"))
        if not lower.is_dir():
            raise LabError(
                f"the root file system that its disk was made from is gone: {lower}",
                where=self._spec.name,
                remedy="`lab up --reset` makes it anew",
            )
        return lower

    def _identify(self) -> None:
        """Who the host is: made with a new disk, except for what the lab publishes of it, which holds at every start."""
        etc = self.root / "etc"
        key = etc / "ssh/ssh_host_ed25519_key"
        key.unlink(missing_ok=True)
        write_private(key, self._spec.host_key.read_bytes())
        if not (etc / "hostname").exists():
            write_readable(etc / "hostname", f"{self._spec.name}\n")
            write_readable(etc / "hosts", f"127.0.0.1 localhost\n127.0.1.1 {self._spec.name}\n")
            # Without one, systemd would take this for a first boot and enable every unit that there is.
            write_readable(etc / "machine-id", f"{secrets.token_hex(16)}\n", 0o444)
        self._let_in()

    def _let_in(self) -> None:
        """The account, where it is not there with this password. Only hashes are written."""
        login, known = self._spec.login, self._folder / "login"
        user, hashed = json.loads(known.read_text(encoding="utf-8")) if known.exists() else ("", "")
        with _HASHING:
            if user == login.user and sha512_crypt.verify(login.password, hashed):
                return
            hashed = sha512_crypt.using(rounds=5000).hash(login.password)
        script = 'id -u "$1" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash --groups sudo "$1"; exec chpasswd --encrypted'
        run("chroot", str(self.root), "/bin/sh", "-c", script, "sh", login.user, standard_input=f"{login.user}:{hashed}\n")
        write_private(known, json.dumps([login.user, hashed]))

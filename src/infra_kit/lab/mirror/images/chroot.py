"""A root file system to work in: trees laid over each other, what changes kept apart, in a mount namespace that ends with the work.

All mounts are made in a namespace of the child's own, so none is left on the machine, however the work ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.with_parent import tied

if TYPE_CHECKING:
    from collections.abc import Sequence

_LAST_LINES = 12
_LIMIT_S = 1800
_PASSED = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX")
"""Variables that say how the network is reached."""
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

# $1 merged, $2 lower directories, $3 upper, $4 work; then SOURCE=TARGET of every bind, `--`, NAME=VALUE of every variable, `--`, and the
# command.
_ENTER = """
set -eu
merged=$1; shift
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$merged"; shift 3
mount -t proc proc "$merged/proc"
mount -t tmpfs tmpfs "$merged/run"
mount -t tmpfs tmpfs "$merged/tmp"
mount --bind /dev "$merged/dev"
while [ "$1" != -- ]; do
  source=${1%%=*}; target=$merged${1#*=}; shift
  if [ -d "$source" ]; then mkdir -p "$target"; elif [ ! -e "$target" ]; then : > "$target"; fi
  mount --bind "$source" "$target"
done
shift
chroot=$(command -v chroot)  # before PATH is the one of the inside
while [ "$1" != -- ]; do export "$1"; shift; done
shift
exec "$chroot" "$merged" "$@"
"""


@dataclass(frozen=True)
class Chroot:
    """Trees laid over each other.

    Args:
        lower: the trees that are read, the lowest first.
        upper: the directory that takes every change; it may be the layer that is being made.
        binds: files and folders of this machine that are seen inside, by their path there: one that the trees have, or beneath /run.
    """

    lower: Sequence[Path]
    upper: Path
    binds: dict[Path, str] = field(default_factory=dict)

    def run(self, command: Sequence[str], environment: dict[str, str] | None = None) -> str:
        """Run a command inside, with this machine's network.

        Args:
            command: program and arguments.
            environment: further variables.

        Returns:
            What it printed.

        Raises:
            LabError: it failed; with its last lines.
        """
        if os.geteuid() != 0:
            raise LabError("images are built in root file systems of their own, which only root can enter", remedy="run the lab as root")
        with tempfile.TemporaryDirectory(dir=self.upper.parent, prefix="chroot-") as scratch:
            merged, work = Path(scratch, "merged"), Path(scratch, "work")
            merged.mkdir()
            work.mkdir()
            binds = {Path("/etc/resolv.conf").resolve(): "/etc/resolv.conf", **self.binds}
            if Path(_CERTIFICATES).exists():
                binds[Path(_CERTIFICATES)] = "/run/certificates.pem"
            wanted = [f"{source}={target}" for source, target in binds.items()]
            variables = [f"{name}={value}" for name, value in (environment or {}).items()]
            lower = ":".join(str(tree) for tree in reversed(self.lower))
            inside = [
                "sh",
                "-ec",
                _ENTER,
                "enter",
                str(merged),
                lower,
                str(self.upper),
                str(work),
                *wanted,
                "--",
                *variables,
                "--",
                *command,
            ]
            # Whatever is started in there ends with its process namespace, and that with us, however we end.
            unshare = shutil.which("unshare") or "/usr/bin/unshare"
            whole = tied([unshare, "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", *inside])
            done = subprocess.run(  # noqa: S603  our own script, with the catalogue's packages
                whole,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=_LIMIT_S,
                check=False,
            )
            shutil.rmtree(work, ignore_errors=True)
        if done.returncode != 0:
            words = "\n".join(f"  {line}" for line in done.stdout.splitlines()[-_LAST_LINES:])
            raise LabError(f"`{' '.join(command)[:120]}` failed in a root file system of its own:\n{words}", remedy="see what it says")
        return done.stdout


def _environment() -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if name in _PASSED}
    fixed = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/tmp",  # noqa: S108  a file system of its own in there
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
    }
    return known | fixed | ({"SSL_CERT_FILE": "/run/certificates.pem"} if Path(_CERTIFICATES).exists() else {})

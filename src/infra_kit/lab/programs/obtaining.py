"""Getting the lab's programs where they are missing: an official release with a pinned checksum, else a build with Go."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.cache import alone
from infra_kit.lab.programs.program import Program, Purpose, cache_folder, leave_out, locate, not_used, table, version_of, whose
from infra_kit.lab.programs.releases import Releases
from infra_kit.lab.watching import watch
from infra_kit.shipped import folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Say = Callable[[str], object]

_GO_DEFAULT = Path("/usr/local/go/bin/go")  # where Go's own installation instructions put it
_LAST_LINES = 12
_STILL_S = 30.0
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_SOURCES = ("go.mod", "go.sum", "*.go")


def obtain_all(say: Say, programs: tuple[Program, ...] | None = None, *, purpose: Purpose = "control_plane") -> dict[str, Path]:
    """Find every program, and get those that are missing into the user's cache.

    One process gets a program at a time; others that want the same one wait and then find it.

    Args:
        say: called with each line of progress; silent where everything is there.
        programs: which; none: all that are for the purpose.
        purpose: what they are for, in messages too.

    Returns:
        Name -> file.

    Raises:
        LabError: one can neither be downloaded nor built; with what to do about it.
    """
    wanted = table(purpose) if programs is None else programs
    found = {program.name: locate(program) for program in wanted}
    missing = [program for program in wanted if found[program.name] is None]
    if missing:
        say(f"getting programs of {whose(purpose)} into {cache_folder()} (once; some minutes where Go has to build them)")
        releases = Releases(_ARCHITECTURES.get(platform.machine(), platform.machine()))
        for number, program in enumerate(missing, 1):
            with _alone(program, say):
                if locate(program) is None:
                    _get(program, purpose, releases, lambda words, n=number: say(f"[{n}/{len(missing)}] {words}"))  # type: ignore[misc]
        found = {program.name: locate(program) for program in wanted}
    return {name: place for name, place in found.items() if place is not None}


def _get(program: Program, purpose: Purpose, releases: Releases, say: Say) -> None:
    if words := not_used(program):
        say(words)
    program.cached.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=program.cached.parent, prefix=".") as scratch:
        fresh = Path(scratch) / program.name
        why_not = releases.download(program, fresh)
        if why_not:
            say(f"{program.name} {program.version}: {why_not}; building it with Go")
            _build(program, purpose, fresh, say)
        else:
            say(f"{program.name} {program.version}: downloaded")
        fresh.chmod(0o755)
        version = version_of(fresh, *program.asks)
        if version != program.version:
            raise LabError(f"{program.name} says that it is {version}, not {program.version}", where=program.package)
        fresh.replace(program.cached)  # whole or not at all


def _build(program: Program, purpose: Purpose, target: Path, say: Say) -> None:
    """Build a program in a copy of its module beneath tools/: the installation itself stays as it is."""
    go = shutil.which("go") or (str(_GO_DEFAULT) if _GO_DEFAULT.exists() else None)
    if go is None:
        raise LabError(
            f"{program.name} {program.version} of {whose(purpose)} is not on this machine, and there is no Go to build it with",
            remedy=f"install Go 1.26 or later (https://go.dev/doc/install), put {program.name} {program.version} on PATH, "
            f"or leave it out: {leave_out(purpose)}",
        )
    with tempfile.TemporaryDirectory(prefix="infra-kit-build-") as scratch:
        for pattern in _SOURCES:
            for source in (folder("tools") / program.module).glob(pattern):
                shutil.copyfile(source, Path(scratch) / source.name)
        flags = " ".join(["-s -w", *(f"-X {variable}={value}" for variable, value in program.stamps.items())])
        command = [go, "build", "-trimpath", "-ldflags", flags, "-o", str(target), program.package]
        started = time.monotonic()
        log = Path(scratch) / "log"
        code = watch(
            command,
            log,
            lambda seconds: say(f"{program.name}: still building after {seconds:.0f} s"),
            every_s=_STILL_S,
            cwd=scratch,
            env=os.environ | {"CGO_ENABLED": "0"},
        )
        words = "\n".join(f"  {line}" for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
    if code != 0:
        remedy = f"see what Go says, or leave it out: {leave_out(purpose)}"
        raise LabError(f"`go build {program.package}` failed:\n{words}", remedy=remedy)
    say(f"{program.name} {program.version}: built in {time.monotonic() - started:.0f} s")


def _alone(program: Program, say: Say) -> AbstractContextManager[None]:
    """Each has a lock of its own: a build that takes ten minutes keeps nobody from another program."""
    waits = f"another process is getting {program.name} {program.version}; waiting for it"
    return alone(cache_folder(), lambda: say(waits), name=f"{program.cached.parent.name}.lock")

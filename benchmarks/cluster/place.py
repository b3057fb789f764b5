"""A copy of the first reference site whose lab has a control plane and nothing else, in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CORES = 2
_RUN = "import sys; from infra_kit.cli.app import run; sys.exit(run(sys.argv[1:]))"


@dataclass(frozen=True)
class Place:
    """A site with a control plane."""

    folder: Path

    def infra(self, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The command line; with `check` its failure ends the benchmark."""
        command = [sys.executable, "-c", _RUN, *map(str, arguments)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if check and done.returncode != 0:
            sys.exit(
                f"infra-kit {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            )
        return done

    def kubectl_command(self, *arguments: str) -> list[str]:
        """How kubectl is started as the lab's administrator, without the detour through infra-kit."""
        from infra_kit.lab.folder import LabFolder
        from infra_kit.lab.programs.program import locate_all

        return [str(locate_all()["kubectl"]), f"--kubeconfig={LabFolder(self.folder).kubeconfig}", *arguments]

    def kubectl(self, *arguments: str, stdin: str | None = None, allowed: tuple[int, ...] = (0,)) -> str:
        """What kubectl prints; another exit code than those allowed ends the benchmark."""
        done = subprocess.run(self.kubectl_command(*arguments), input=stdin, capture_output=True, text=True, check=False)
        if done.returncode not in allowed:
            sys.exit(f"kubectl {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done.stdout


@contextmanager
def running() -> Iterator[Place]:
    """The lab runs, kept to two cores together with everything that is started here; it ends with the block."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory(prefix="infra-kit-bench-") as name:
        place = Place(Path(name) / "configuration-1")
        shutil.copytree(REPOSITORY / "inventory" / "configuration-1", place.folder, ignore=shutil.ignore_patterns(".infra-kit"))
        place.infra("lab", "up", place.folder, "--without", "bmcs,switches,array,hosts")
        try:
            yield place
        finally:
            place.infra("lab", "down", place.folder)

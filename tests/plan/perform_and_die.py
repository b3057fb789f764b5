"""Performs a small run as often as it is told, each time in a fork that kills itself at its N-th event.

One line of JSON in, `{"site": ..., "world": ..., "fatal": N, "request": {...}}`; one line out, the fork's exit code or minus
its signal. A program of its own, since forks of a process that has threads (a test worker) may hang.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fakes import FakeLayer, Script, World, access, moved, thing

from infra_kit.inventory.load import load_site
from infra_kit.plan.request import Request
from infra_kit.plan.run import perform

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.events import Event

CRASHED = 99


def layers(world: World) -> list[FakeLayer]:
    """One thing to create, one to update, two in a group, one to remove; one at a time, so that every run has the same boundaries."""
    bmc = FakeLayer("bmc", [thing("bmc/a/1", world, "w1"), thing("bmc/a/2", world, "w2", needs=("bmc/a/1",))], concurrency=1, world=world)
    things = [thing("fabric/a/1", world, "l1", groups=("pair",)), thing("fabric/a/2", world, "l2", groups=("pair",))]
    return [bmc, FakeLayer("fabric", things, after=("bmc",), concurrency=1, world=world)]


def run(site: Site, world: World, fatal: int, request: Request) -> int:
    """The run itself; gives its exit code unless it kills this process."""
    seen = 0

    def count(_event: Event) -> None:
        nonlocal seen
        if seen == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    return perform(site, layers(world), access(site), request, Script(on_event=count)).exit_code


def in_fork(site: Site, task: dict[str, object]) -> int:
    """Exit code of the fork, or minus the signal that ended it."""
    pid = os.fork()
    if pid == 0:
        code = CRASHED
        try:
            code = run(site, World(Path(task["world"])), task["fatal"], Request(**task["request"]))
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> None:
    reference = load_site(Path(sys.argv[1]))
    for line in sys.stdin:
        task = json.loads(line)
        print(in_fork(moved(reference, Path(task["site"])), task), flush=True)  # noqa: T201  the answer


if __name__ == "__main__":
    main()

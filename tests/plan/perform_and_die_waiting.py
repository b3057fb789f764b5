"""Performs a run of one thing, and kills itself while it waits for that to be ready: `perform_and_die_waiting.py SITE WORLD [--resume]`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from fakes import FakeLayer, Script, World, access, awaited, moved

from infra_kit.inventory.load import load_site
from infra_kit.plan.request import Request
from infra_kit.plan.run import perform

REFERENCE = Path(__file__).parents[2] / "inventory" / "configuration-1"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    folder, world = Path(sys.argv[1]), World(Path(sys.argv[2]))
    site = moved(load_site(REFERENCE), folder)
    layer = FakeLayer("workspaces", [awaited("workspaces/a/1", world, "w1", meanwhile=die)], world=world)
    perform(site, [layer], access(site), Request(resume="--resume" in sys.argv), Script())


if __name__ == "__main__":
    main()

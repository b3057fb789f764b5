"""`python -m infra_kit.lab SITE`: the process that `infra-kit lab up` starts."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from infra_kit.inventory.errors import InfraKitError
from infra_kit.inventory.load import load_site
from infra_kit.lab.orchestrator import Lab


async def run(lab: Lab, *, reset: bool) -> None:
    """Run a lab until the process is told to end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await lab.start(reset=reset)
    await ended.wait()
    await lab.stop()


def _parts(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def main(arguments: list[str] | None = None) -> int:
    """Parse, load the site, run; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra_kit.lab", description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--without", default="", help="parts to leave out, separated by commas")
    parser.add_argument("--hosts", action="store_true", help="real hosts, too")
    parser.add_argument("--vm", default="", help="servers whose host is a virtual machine, separated by commas")
    parser.add_argument("--reset", action="store_true", help="every device fresh from the factory")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("infra_kit").setLevel(logging.INFO)
    try:
        lab = Lab(load_site(options.site), _parts(options.without), hosts=options.hosts, machines=_parts(options.vm))
        asyncio.run(run(lab, reset=options.reset))
    except InfraKitError as error:
        print(error, file=sys.stderr)  # noqa: T201  a process of its own: this is its log
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    os.umask(0o077)  # here, for it is the whole process's
    sys.exit(main())

"""`python -m infra_kit.lab.testbed up FOLDER < PLAN.json`: a testbed in the background (`run FOLDER`); `down FOLDER` ends it."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from infra_kit.inventory.access import is_locked
from infra_kit.inventory.errors import InfraKitError, LabError
from infra_kit.lab.private_file import write_private
from infra_kit.lab.testbed.plan import read
from infra_kit.lab.testbed.testbed import Testbed, obtain

_READY_S = 300.0
_END_S = 60.0
_POLL_S = 0.05
_LAST_LINES = 15


def up(folder: Path, document: str) -> str:
    """Start a testbed in the background; its places as JSON when all of it answers.

    Raises:
        LabError: it did not come up, or one runs there already.
    """
    obtain(read(document))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_locked(folder / "lock"):
        raise LabError("a testbed runs there already", where=str(folder), remedy=f"`python -m infra_kit.lab.testbed down {folder}`")
    places, log = folder / "places.json", folder / "log"
    places.unlink(missing_ok=True)
    write_private(folder / "plan.json", document)
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-m", "infra_kit.lab.testbed", "run", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + _READY_S
    while not places.exists():
        if child.poll() is not None or time.monotonic() > deadline:
            child.terminate()
            words = "\n".join(f"  {line}" for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
            raise LabError(f"the testbed did not come up:\n{words}", where=str(folder))
        time.sleep(_POLL_S)
    return places.read_text(encoding="utf-8")


async def run(folder: Path) -> None:
    """Have a testbed up until the process is told to end."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    with (folder / "lock").open("a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        write_private(folder / "pid", str(os.getpid()))
        plan = read((folder / "plan.json").read_text(encoding="utf-8"))
        async with Testbed(folder, plan):
            await ended.wait()


def down(folder: Path) -> None:
    """End the testbed of a folder, where one runs.

    Raises:
        LabError: it does not end.
    """
    if not is_locked(folder / "lock"):
        return
    os.kill(int((folder / "pid").read_text(encoding="ascii")), signal.SIGTERM)
    deadline = time.monotonic() + _END_S
    while is_locked(folder / "lock"):
        if time.monotonic() > deadline:
            raise LabError(f"the testbed does not end within {_END_S:.0f} s", where=str(folder))
        time.sleep(_POLL_S)


def main(arguments: list[str] | None = None) -> int:
    """Parse and do; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra_kit.lab.testbed", description=__doc__)
    parser.add_argument("verb", choices=("up", "run", "down"))
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    try:
        if options.verb == "up":
            print(up(options.folder, sys.stdin.read()))  # noqa: T201  a program of its own
        elif options.verb == "down":
            down(options.folder)
        else:
            logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
            asyncio.run(run(options.folder))
    except InfraKitError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    os.umask(0o077)  # here, for it is the whole process's
    sys.exit(main())

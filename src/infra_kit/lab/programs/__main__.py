"""`python -m infra_kit.lab.programs [PURPOSE] [--kubernetes VERSION]`: get programs where they are missing, and say where each is."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, get_args

from infra_kit.inventory.errors import InfraKitError
from infra_kit.lab.programs.obtaining import obtain_all
from infra_kit.lab.programs.program import Purpose, table

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None, *, purpose: Purpose | None = None) -> int:
    """Get them; the exit code.

    Args:
        arguments: the command line; none: the process's own.
        purpose: the only one there is, for a program that gets no other.
    """
    parser = argparse.ArgumentParser(prog="python -m infra_kit.lab.programs", description="Get the lab's programs where they are missing.")
    if purpose is None:
        parser.add_argument("purpose", nargs="?", choices=get_args(Purpose), default="node", help="what they are for (node)")
    parser.add_argument("--kubernetes", default="", metavar="VERSION", help="another version of Kubernetes, for upgrades, such as v1.36.2")
    wanted = parser.parse_args(arguments)
    chosen: Purpose = purpose or wanted.purpose
    try:
        programs = table(chosen, kubernetes=wanted.kubernetes)
        found = obtain_all(lambda words: print(words, flush=True), programs, purpose=chosen)  # noqa: T201  a program of its own
    except InfraKitError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    for name, place in found.items():
        print(f"{name:24} {place}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())

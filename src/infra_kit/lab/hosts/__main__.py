"""`python -m infra_kit.lab.hosts`: build the hosts' root file systems where they are missing, and say where each is."""

from __future__ import annotations

import sys

from infra_kit.inventory.errors import InfraKitError
from infra_kit.lab.hosts.building import obtain_all


def main() -> int:
    """Build them; the exit code."""
    try:
        found = obtain_all(lambda words: print(words, flush=True))  # noqa: T201  a program of its own
    except InfraKitError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    for name, place in found.items():
        print(f"{name:10} {place}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())

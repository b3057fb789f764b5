"""`python -m infra_kit.lab.hosts [NAME...]`: build the hosts' root file systems where they are missing, and say where each is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import InfraKitError
from infra_kit.lab.hosts.building import obtain_all
from infra_kit.lab.hosts.requirements import require_hosts

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(names: Sequence[str]) -> int:
    """Build those of these names, or all; the exit code."""
    try:
        require_hosts()
        found = obtain_all(lambda words: print(words, flush=True), names or None)  # noqa: T201  a program of its own
    except InfraKitError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    for name, place in found.items():
        print(f"{name:10} {place}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

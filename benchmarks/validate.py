"""Validating 1,000 servers and 48 switches: at most 3 times PyYAML's C loader on the same files; twice the site, at most 2.2 times.

The site is what `infra-kit init` makes (configuration 1). Validating is loading, typing and every rule; the peer is
`yaml.load(..., Loader=yaml.CSafeLoader)` of the same files, which yields plain values and no places. Both run in this
process, in turn; medians of their processor time are compared, so that other programs do not count. The doubled cost is
that of 1,000 servers over that of 500.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from infra_kit.inventory.load import NOT_SECTIONS, load
from infra_kit.inventory.scaffold.counts import Counts
from infra_kit.inventory.scaffold.design import design
from infra_kit.inventory.scaffold.write import write_site

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7
LIMIT_OVER_PEER = 3.0
LIMIT_DOUBLING = 2.2


def main() -> int:
    """Measure, print, and give 1 where a limit is passed."""
    with tempfile.TemporaryDirectory() as name:
        full, half = Path(name, "full"), Path(name, "half")
        write_site(full, design("full", Counts(1, 895, 100), "lab"))
        write_site(half, design("half", Counts(1, 445, 50), "lab"))
        site = load(full).site
        if site is None or (len(site.servers), len(site.switches)) != (1000, 48):
            print("the generated site is not the one that the claim is about")
            return 1
        ours, smaller, peer = medians(lambda: validate(full), lambda: validate(half), lambda: read(full))
    over_peer, doubling = ours / peer, ours / smaller
    print(f"validate, 1,000 servers and 48 switches: {ours:.2f} s; CSafeLoader alone: {peer:.2f} s")
    print(f"ratio {over_peer:.2f} (limit {LIMIT_OVER_PEER})")
    print(f"validate, 500 servers: {smaller:.2f} s; twice the site costs {doubling:.2f} times (limit {LIMIT_DOUBLING})")
    return int(over_peer > LIMIT_OVER_PEER or doubling > LIMIT_DOUBLING)


def medians(*actions: Callable[[], None]) -> list[float]:
    """Median seconds of processor time of each, taken in turn so that all see the same machine."""
    taken: list[list[float]] = [[] for _ in actions]
    for _ in range(ROUNDS):
        for action, times in zip(actions, taken, strict=True):
            began = time.process_time()
            action()
            times.append(time.process_time() - began)
    return [statistics.median(times) for times in taken]


def validate(folder: Path) -> None:
    """All that `infra-kit validate` does before it prints."""
    loaded = load(folder)
    if loaded.findings:
        raise SystemExit(f"the generated site has findings: {loaded.findings[0]}")


def read(folder: Path) -> None:
    """The peer."""
    for path in sorted(folder.glob("*.yaml")):
        if path.name not in NOT_SECTIONS:
            yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


if __name__ == "__main__":
    sys.exit(main())

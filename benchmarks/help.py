"""`infra-kit --help` takes at most 1.5 times as long as `python -c "import typer, rich"`.

Whole processes, from start to exit, in turn; medians are compared. Both start from warm caches.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 25
LIMIT = 1.5
COMMAND = [str(Path(sys.executable).with_name("infra-kit")), "--help"]
PEER = [sys.executable, "-c", "import typer, rich"]


def main() -> int:
    """Measure, print, and give 1 where the limit is passed."""
    taken: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(ROUNDS):
        taken["ours"].append(seconds(COMMAND))
        taken["peer"].append(seconds(PEER))
    ours, peer = (statistics.median(times[1:]) for times in taken.values())
    print(f"infra-kit --help: {ours * 1000:.0f} ms; import typer, rich: {peer * 1000:.0f} ms; ratio {ours / peer:.2f} (limit {LIMIT})")
    return int(ours / peer > LIMIT)


def seconds(command: list[str]) -> float:
    """How long the process takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())

"""A workspace of 25 users: plan under 5 s, apply under 60 s; 10 of them: plan under 20 s and 500 MB, before the apply and after it.

    .venv/bin/python benchmarks/workspaces_plan.py [--workspaces 10] [--users 25]

Whole processes are measured, from start to exit, on a lab that has a control plane alone; the platform is applied before. The memory is
that of the command and of the processes that it starts to evaluate programs, added up every 50 ms; what they share is counted in each.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cluster.place import Place, running

PLAN_ONE_S, APPLY_ONE_S, PLAN_ALL_S, PEAK_MB = 5.0, 60.0, 20.0, 500.0
LOOK_S = 0.05
QUOTA = "{cpu: '64', memory: 300Gi, gpus: 0, storage: 4Ti}"


@dataclass(frozen=True)
class Measured:
    """One command."""

    what: str
    seconds: float
    peak_mb: float
    summary: str

    def holds(self, limit_s: float, limit_mb: float = float("inf")) -> bool:
        """Print it beside its limits, and say whether it keeps them."""
        memory = f" (limit {limit_mb:.0f})" if limit_mb < float("inf") else ""
        print(f"  {self.what:34} {self.seconds:6.2f} s (limit {limit_s:.0f})   peak {self.peak_mb:4.0f} MB{memory}   {self.summary}")
        return self.seconds <= limit_s and self.peak_mb <= limit_mb


def inventory(place: Place, workspaces: int, users: int) -> list[str]:
    """Write workspaces into the site, in place of its own, owned by teams that may have so much: their names."""
    names = [f"lab-{number:02d}" for number in range(workspaces)]
    people = ", ".join(f"user{number:02d}" for number in range(users))
    one = "  - {{name: {name}, team: analytics, quota: {quota}, users: [{people}], admins: [user00]}}\n"
    text = "".join(one.format(name=name, quota=QUOTA, people=people) for name in names)
    file = place.folder / "platform.yaml"
    content = re.sub(r"(?ms)^workspaces:.*?(?=^monitoring:)", lambda _: f"workspaces:\n{text}\n", file.read_text(encoding="utf-8"))
    team = f"teams:\n  - {{name: analytics, quota: {{cpu: '{64 * workspaces}', memory: {300 * workspaces}Gi, gpus: 0}}}}\n\n"
    file.write_text(re.sub(r"(?ms)^teams:.*?\n\n", lambda _: team, content), encoding="utf-8")
    return names


def measured(place: Place, what: str, command: str, *arguments: str) -> Measured:
    """Run the command line once and watch it."""
    code = "import sys; from infra_kit.cli.app import run; sys.exit(run(sys.argv[1:]))"
    line = [sys.executable, "-c", code, command, str(place.folder), *arguments]
    output = place.folder.parent / "output.txt"
    began, peak = time.monotonic(), 0.0
    with output.open("w", encoding="utf-8") as file, subprocess.Popen(line, stdout=file, stderr=subprocess.STDOUT) as process:
        while process.poll() is None:
            peak = max(peak, _resident_mb(process.pid))
            time.sleep(LOOK_S)
        seconds = time.monotonic() - began
    said = output.read_text(encoding="utf-8")
    if process.returncode != 0:
        sys.exit(f"infra-kit {command} {' '.join(arguments)} ended with {process.returncode}:\n{said[-3000:]}")
    summary = re.findall(r"^(?:Plan|Run \S+): (.*)$", said, re.MULTILINE)[-1]
    if not summary.endswith(("0 unknown", "unchanged")):
        sys.exit(f"not everything was read: {summary}")
    return Measured(what, seconds, peak, summary)


def _resident_mb(process: int) -> float:
    """Of a process and of all that it has started."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]
    except OSError:
        return 0.0  # it has just ended
    return pages * 4096 / 1e6 + sum(_resident_mb(int(child)) for child in children)


def measure(place: Place, workspaces: int, users: int) -> bool:
    """Print every figure; whether all claims hold."""
    names = inventory(place, workspaces, users)
    place.infra("apply", place.folder, "--layer", "cluster", "--yes")
    one = ("--layer", "workspaces", "--workspace", names[0])
    every = ("--layer", "workspaces")
    print(f"{workspaces} workspaces of {users} users")
    held = [
        measured(place, "plan of one", "plan", *one).holds(PLAN_ONE_S),
        measured(place, "plan of all, none there", "plan", *every).holds(PLAN_ALL_S, PEAK_MB),
        measured(place, "apply of one", "apply", *one, "--yes").holds(APPLY_ONE_S),
    ]
    applied = measured(place, "apply of the others", "apply", *every, "--yes")
    print(f"  {applied.what:34} {applied.seconds:6.2f} s   peak {applied.peak_mb:.0f} MB   {applied.summary}")
    held.append(measured(place, "plan of all, all there", "plan", *every).holds(PLAN_ALL_S, PEAK_MB))
    return all(held)


def main() -> int:
    """Parse, measure; 1 where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--workspaces", type=int, default=10)
    parser.add_argument("--users", type=int, default=25)
    options = parser.parse_args()
    with running() as place:
        return int(not measure(place, options.workspaces, options.users))


if __name__ == "__main__":
    sys.exit(main())

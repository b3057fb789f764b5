"""Runs every benchmark of this folder, one after another, and writes RESULTS.md."""

from __future__ import annotations

import ast
import datetime as dt
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TIMEOUT_S = 3600


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark printed, and whether its claim held."""

    name: str
    claim: str
    holds: bool
    output: str
    took_s: float


def main(names: list[str]) -> int:
    """Run the named benchmarks (all by default); 1 if a claim does not hold."""
    scripts = [path for path in sorted(FOLDER.glob("*.py")) if path.name != "run.py" and (not names or path.stem in names)]
    results = [run(script) for script in scripts]
    if not names:
        (FOLDER / "RESULTS.md").write_text(report(results), encoding="utf-8")
        print(f"{FOLDER / 'RESULTS.md'} is written")
    return int(not all(result.holds for result in results))


def run(script: Path) -> Result:
    """Run one benchmark in a process of its own."""
    claim = (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or script.stem).splitlines()[0]
    print(f"== {script.stem}: {claim}", flush=True)
    began = time.monotonic()
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=TIMEOUT_S, cwd=FOLDER.parent)
    output = done.stdout.strip() + (f"\n{done.stderr.strip()}" if done.returncode else "")
    print(output, flush=True)
    return Result(script.stem, claim, done.returncode == 0, output, time.monotonic() - began)


def report(results: list[Result]) -> str:
    """RESULTS.md as text."""
    lines = [
        "# Results",
        "",
        f"Written by `make bench` on {dt.datetime.now(dt.UTC):%Y-%m-%d}: {_machine()}.",
        "[README.md](README.md) says how to read and repeat this.",
        "",
        "| benchmark | claim | holds |",
        "|---|---|---|",
        *(f"| [{each.name}](#{each.name}) | {each.claim} | {'yes' if each.holds else '**no**'} |" for each in results),
    ]
    for each in results:
        command = f"`.venv/bin/python benchmarks/{each.name}.py` ({each.took_s:.0f} s in all)"
        lines += ["", f"## {each.name}", "", command, "", "```", each.output, "```"]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    model = "unknown processor"
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line.split(":", 1)[1].strip() for line in information.read_text().splitlines() if line.startswith("model name")]
        model = names[0] if names else model
    return f"{os.cpu_count()} cores of {model}, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

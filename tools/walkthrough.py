"""Runs the command lines of the README's `console` blocks in an empty folder and puts their real output beneath them.

Usage: .venv/bin/python tools/walkthrough.py [FILE]. A line `$ command` is run; a line `$ command   # exit 2` must end with that code.
Long outputs keep their first and last lines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
WORK = REPOSITORY / "build" / "walkthrough"
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (?P<line>.*?)(?:\s+# exit (?P<code>\d+))?$", re.MULTILINE)
HEAD, TAIL, WIDTH = 14, 4, 150


def main(document: Path) -> None:
    """Refresh a document's blocks in place."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    text = document.read_text(encoding="utf-8")
    document.write_text(
        BLOCK.sub(lambda block: "\n".join(_run(match) for match in COMMAND.finditer(block[0])) + "\n", text), encoding="utf-8"
    )


def _run(command: re.Match[str]) -> str:
    environment = os.environ | {"PATH": f"{REPOSITORY / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}", "COLUMNS": str(WIDTH)}
    print(command[0], flush=True)
    done = subprocess.run(
        ["bash", "-c", command["line"]],
        cwd=WORK,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    output = done.stdout
    if done.returncode != int(command["code"] or 0):
        sys.exit(f"ended with exit code {done.returncode}:\n{output}")
    lines = output.replace(f"{WORK}/", "").rstrip().splitlines()
    if len(lines) > HEAD + TAIL + 1:
        lines = [*lines[:HEAD], f"  ... {len(lines) - HEAD - TAIL} more lines ...", *lines[-TAIL:]]
    return "\n".join([command[0], *lines])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "README.md")

"""`infra-kit apply SITE --yes` in a process of its own that is stopped at an event: killed, or held until a file is there.

EVENT is a number (the N-th event after the reading), a moment (the first event of that name, such as `applied`), or a moment of one
resource (`waiting:workspaces/Deployment/fraud/hub`).

python apply_that_stops.py SITE EVENT kill|hold [FILE] [--resume] [--storage | --workspace=NAME] [--endpoints=FILE] [--allow-reboot]
       [--patience=SECONDS]
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.cli.reach import concerned, open_site
from infra_kit.plan.request import Request
from infra_kit.plan.run import perform
from infra_kit.plan.selection import EVERYTHING, Selection
from infra_kit.stacks.kubernetes_api import outage

if TYPE_CHECKING:
    from infra_kit.plan.events import Event
    from infra_kit.plan.planning import Plan


class Stopping:
    """Agrees to everything and stops at one event."""

    def __init__(self, at: str, way: str, file: Path | None) -> None:
        self._at, self._way, self._file = at, way, file
        self._seen = 0
        self._guard = threading.Lock()

    def notice(self, text: str) -> None:
        sys.stderr.write(text + "\n")

    def planned(self, plan: Plan) -> None:
        """Nobody is shown it."""

    def agrees(self, plan: Plan) -> bool:
        return True

    def event(self, event: Event) -> None:
        if event.moment in {"reading", "read"}:
            return
        with self._guard:
            number, self._seen = self._seen, self._seen + 1
        if self._at not in {str(number), event.moment, f"{event.moment}:{event.resource}"}:
            return
        if self._way == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        assert self._file is not None
        self._file.with_suffix(".held").touch()
        while not self._file.exists():
            time.sleep(0.02)


def main() -> int:
    folder, at, way, *rest = sys.argv[1:]
    files = [Path(each) for each in rest if not each.startswith("--")]
    named = dict(each.split("=", 1) for each in rest if "=" in each)
    outage.PATIENCE_S = float(named.get("--patience", outage.PATIENCE_S))
    overlay, workspace = named.get("--endpoints"), named.get("--workspace")
    site, access = open_site(Path(folder), Path(overlay) if overlay else None, quiet=True)
    selection = EVERYTHING
    if "--storage" in rest:
        selection = Selection(layers=("storage",))
    elif workspace:
        selection = Selection(layers=("workspaces",), workspaces=(workspace,))
    request = Request(selection=selection, resume="--resume" in rest, allow_reboot="--allow-reboot" in rest)
    return perform(site, concerned(access, selection), access, request, Stopping(at, way, files[0] if files else None)).exit_code


if __name__ == "__main__":
    sys.exit(main())

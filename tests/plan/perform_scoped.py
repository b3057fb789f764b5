"""One run over some scopes, in a process of its own, that stops in the middle of its first change until it is told to go on.

Arguments: the reference site, this run's site folder, its world, then `SCOPE/NAME` of each thing. Says `applying` on standard
output and waits for a line; ends with one line of JSON: the exit code, and what was said.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fakes import FakeLayer, Script, World, access, moved, scoped

from infra_kit.inventory.errors import InfraKitError
from infra_kit.inventory.load import load_site
from infra_kit.plan.request import Request
from infra_kit.plan.run import perform
from infra_kit.plan.selection import Selection


def main() -> None:
    reference, folder, world_folder, *names = sys.argv[1:]
    world = World(Path(world_folder))
    site = moved(load_site(Path(reference)), Path(folder))

    def hold() -> None:
        print("applying", flush=True)  # noqa: T201  the answer
        sys.stdin.readline()

    things = [scoped(name, world, changing=hold if number == 0 else None) for number, name in enumerate(names)]
    everything = [*things, *(scoped(f"{other}/x", world) for other in ("fraud", "churn") if f"{other}/x" not in names)]
    layer = FakeLayer("workspaces", everything, world=world)
    request = Request(selection=Selection(targets=tuple(f"workspaces/*/{name}" for name in names)))
    script = Script()
    try:
        answer: dict[str, object] = {"code": perform(site, [layer], access(site), request, script).exit_code}
    except InfraKitError as error:
        answer = {"code": int(error.exit_code), "error": str(error)}
    print(json.dumps({**answer, "notices": script.notices}), flush=True)  # noqa: T201  the answer


if __name__ == "__main__":
    main()

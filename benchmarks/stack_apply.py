"""300 objects: a plan takes at most 1.5 times what `kubectl diff --server-side` takes, an apply 1.2 times `kubectl apply --server-side`.

    .venv/bin/python benchmarks/stack_apply.py [--namespaces 10] [--times 5]

The same objects, into the same emptied namespaces, in turns, the order changing from round to round; the medians are compared.
kubectl is measured as one process for all objects. Of infra-kit everything is measured that it does once Python is up and the program
has been evaluated: reading what is there, a dry run of every object, journal and log of every step, the changes, looking again
afterwards. What the evaluation of the program takes is printed beside it: kubectl is given finished manifests. Neither waits for pods.
At last one field of one object is changed: one request may write.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from cluster import objects
from cluster.place import Place, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.plan.events import Event
    from infra_kit.plan.planning import Plan
    from infra_kit.stacks.stack import Stack

PLAN_RATIO, APPLY_RATIO = 1.5, 1.2
PROGRAMS = Path(objects.__file__)


class Agreeing:
    """Whoever asked: agrees to everything and keeps what was planned."""

    made: Plan

    def notice(self, text: str) -> None:
        """Nobody is told."""

    def planned(self, plan: Plan) -> None:
        """Keep it."""
        self.made = plan

    def agrees(self, plan: Plan) -> bool:
        """Do it."""
        del plan
        return True

    def event(self, event: Event) -> None:
        """Nobody is shown it."""


def stack_of(count: int, function: str = "program") -> Stack:
    """The stack of the objects."""
    from infra_kit.stacks.stack import Stack

    return Stack("workspaces", "benchmark", str(count), f"{PROGRAMS}:{function}")


def once(folder: Path, count: int, what: str, function: str) -> dict[str, Any]:
    """Apply or plan once in this process, with everything loaded before the clock starts: seconds, and what it came to."""
    from infra_kit.inventory.access import open_access
    from infra_kit.inventory.load import load_site
    from infra_kit.plan.connections import Connections
    from infra_kit.plan.planning import make_plan
    from infra_kit.plan.request import Request
    from infra_kit.plan.resource import ReadContext
    from infra_kit.plan.run import perform
    from infra_kit.stacks.engines.server_side import engine
    from infra_kit.stacks.kubernetes_api import client as _loaded  # noqa: F401  by the first object otherwise
    from infra_kit.stacks.layer import StackLayer
    from infra_kit.stacks.programs.evaluation import evaluate

    site = load_site(folder)
    access = open_access(site)
    stack = stack_of(count, function)
    layer = StackLayer(
        "workspaces",
        (),
        frozenset({stack.program}),
        lambda _site: [stack],
        opening=engine.open_engine,
    )
    began = time.perf_counter()
    evaluate(site, [stack])
    evaluated = time.perf_counter() - began
    began = time.perf_counter()
    if what == "plan":
        with Connections(access, read_only=True) as connections:
            plan, code = make_plan([layer], ReadContext(site, connections)), 0
    else:
        dialogue = Agreeing()
        code = perform(site, [layer], access, Request(), dialogue).exit_code
        plan = dialogue.made
    return {"seconds": time.perf_counter() - began, "evaluated": evaluated, "code": code, "summary": plan.summary}


def ours(place: Place, count: int, what: str, function: str = "program") -> dict[str, Any]:
    """`once` in a process of its own."""
    command = [sys.executable, __file__, "--namespaces", str(count), "--once", what, "--function", function, "--site", str(place.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{what} by infra-kit ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def timed(act: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def empty(place: Place, count: int) -> None:
    """Remove every object that either has made, and wait until all are gone, the pods, too."""
    kinds = (
        "deployments,cronjobs,poddisruptionbudgets,services,networkpolicies,rolebindings,roles,limitranges,secrets,configmaps,"
        "serviceaccounts"
    )
    those = ("--all-namespaces", "--selector=app.kubernetes.io/part-of=benchmark")
    place.kubectl("delete", kinds, *those, "--cascade=foreground", "--wait=false")
    place.kubectl("delete", "configmap", f"benchmark.{count}", "--namespace=infra-kit", "--ignore-not-found")
    while place.kubectl("get", f"pods,{kinds}", *those, "--output=name").strip():
        time.sleep(0.5)


def require(found: dict[str, Any], **summary: int) -> float:
    """The seconds, if it came to that."""
    told = {action: number for action, number in found["summary"].items() if number}
    if found["code"] or told != summary:
        sys.exit(f"expected {summary}, found {told}, exit code {found['code']}")
    return float(found["seconds"])


def measure(place: Place, count: int, times: int) -> bool:
    """All rounds; whether the claims hold."""
    names = objects.namespaces(count)
    made = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in [*names, "infra-kit"]]
    place.kubectl("apply", "--server-side", "--filename=-", stdin=yaml.safe_dump_all(made))
    manifests = place.folder.parent / "manifests.yaml"
    manifests.write_text(yaml.safe_dump_all(_manifests(place, count)), encoding="utf-8")
    number = count * objects.EACH
    seconds: dict[str, list[float]] = defaultdict(list)

    def mine() -> None:
        seconds["first plan"].append(require(ours(place, count, "plan"), create=number))
        found = ours(place, count, "apply")
        seconds["apply"].append(require(found, create=number))
        seconds["plan"].append(require(ours(place, count, "plan"), none=number))
        seconds["evaluation"].append(found["evaluated"])

    def theirs() -> None:
        # 1: there are differences.
        seconds["first diff"].append(timed(lambda: place.kubectl("diff", "--server-side", f"--filename={manifests}", allowed=(1,))))
        seconds["kubectl apply"].append(timed(lambda: place.kubectl("apply", "--server-side", f"--filename={manifests}")))
        seconds["kubectl diff"].append(timed(lambda: place.kubectl("diff", "--server-side", f"--filename={manifests}")))

    for round_ in range(times + 1):
        for each in (mine, theirs) if round_ % 2 else (theirs, mine):
            each()
            empty(place, count)
        if not round_:  # the first warms the server up
            for figures in seconds.values():
                figures.clear()
    medians = {what: statistics.median(figures) for what, figures in seconds.items()}
    print(f"{number} objects in {count} namespaces, medians of {times} rounds, in seconds")
    holds = True
    for what, own, peer, limit in (
        ("plan of what is not there", "first plan", "first diff", PLAN_RATIO),
        ("plan of what is in place", "plan", "kubectl diff", PLAN_RATIO),
        ("apply", "apply", "kubectl apply", APPLY_RATIO),
    ):
        ratio = medians[own] / medians[peer]
        holds = holds and ratio <= limit
        print(f"  {what:26} {medians[own]:6.2f}   kubectl {medians[peer]:6.2f}   ratio {ratio:.2f} (limit {limit})")
    print(f"  evaluation of the program, once a run: {medians['evaluation']:.2f}")
    return _one_field(place, count, number) and holds


def _one_field(place: Place, count: int, number: int) -> bool:
    """Whether the change of one field writes one object."""
    require(ours(place, count, "apply"), create=number)
    before = _writes(place)
    require(ours(place, count, "apply", "changed"), update=1, none=number - 1)
    written = _writes(place)[len(before) :]
    print(f"  one field changed: {len(written)} request that writes: {', '.join(written)}")
    return len(written) == 1


def _writes(place: Place) -> list[str]:
    """What infra-kit has asked of the API server that writes, dry runs left out."""
    from infra_kit.inventory.access import KUBERNETES
    from infra_kit.lab.control import LabControl

    asked = LabControl.of(place.folder).events(KUBERNETES)
    return [f"{verb} {what}" for verb, what in asked if verb not in {"GET", "LIST", "WATCH"} and not re.search(r"dryRun|dry run", what)]


def _manifests(place: Place, count: int) -> list[dict[str, Any]]:
    from infra_kit.inventory.load import load_site
    from infra_kit.stacks.programs.evaluation import evaluate

    (found,) = evaluate(load_site(place.folder), [stack_of(count)])
    return [json.loads(json.dumps(each.manifest)) for each in found.objects]


def main() -> int:
    """Parse, then measure, or be one of the measured; 1 where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--namespaces", type=int, default=10, help=f"each holds {objects.EACH} objects")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--once", choices=["plan", "apply"], help=argparse.SUPPRESS)
    parser.add_argument("--function", default="program", help=argparse.SUPPRESS)
    parser.add_argument("--site", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(once(options.site, options.namespaces, options.once, options.function)))
        return 0
    with running() as place:
        return int(not measure(place, options.namespaces, options.times))


if __name__ == "__main__":
    sys.exit(main())

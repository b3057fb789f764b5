from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from infra_kit.plan.graph import build
from infra_kit.plan.scheduling import Schedule, Step, StepOutcome

if TYPE_CHECKING:
    from infra_kit.plan.graph import Graph

LAYERS = ("bmc", "fabric", "storage")


@dataclass(frozen=True)
class Node:
    id: str
    device: str
    depends_on: frozenset[str]
    groups: frozenset[str]


@dataclass(frozen=True)
class Layer:
    name: str
    after: tuple[str, ...]
    concurrency: int = 2


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Node], int, Graph]:
    nodes: list[Node] = []
    for layer in LAYERS:
        for number in range(draw(st.integers(0, 6))):
            earlier = [node.id for node in nodes]
            needs = draw(st.sets(st.sampled_from(earlier), max_size=2)) if earlier else set()
            device = f"{layer}-{draw(st.integers(0, 2))}"
            groups = draw(st.sets(st.sampled_from(["one", "two"]), max_size=1))
            nodes.append(Node(f"{layer}/kind/{number}", device, frozenset(needs), frozenset(groups)))
    cut = draw(st.integers(0, len(nodes)))
    layers = [Layer(name, LAYERS[:place]) for place, name in enumerate(LAYERS)]
    graph = build(nodes[:cut], nodes[cut:], layers)  # type: ignore[arg-type]
    return nodes, cut, graph


@settings(max_examples=80, deadline=None)
@given(graphs(), st.randoms(use_true_random=False))
def test_whatever_happens_the_rules_hold(drawn: tuple[list[Node], int, Graph], chance) -> None:
    nodes, _cut, graph = drawn
    by_id = {node.id: node for node in nodes}
    steps = [Step(each, each.partition("/")[0], by_id[each].device, by_id[each].groups) for each in graph.order]
    schedule = Schedule(steps, graph, dict.fromkeys(LAYERS, 2))
    running: list[str] = []
    settled: dict[str, StepOutcome] = {}

    def note(skipped: list[tuple[str, StepOutcome]]) -> None:
        for each, outcome in skipped:
            assert each not in settled
            assert each not in running
            assert outcome.kind == "skipped"
            assert outcome.message
            settled[each] = outcome

    while not schedule.finished:
        for each in schedule.ready():
            assert each not in settled
            running.append(each)
            assert all(settled[needed].good for needed in graph.needs[each])
            for other, phase in graph.phase.items():
                if phase in graph.preceding[graph.phase[each]]:
                    assert other in settled
            for group in by_id[each].groups:
                assert not any(settled[other].kind == "failed" for other in settled if group in by_id[other].groups)
        claims = [claim for each in running for claim in (by_id[each].device, *by_id[each].groups)]
        assert len(claims) == len(set(claims))
        for layer in LAYERS:
            assert sum(each.startswith(layer) for each in running) <= 2
        assert running, "nothing runs and nothing may start"
        ended = running.pop(chance.randrange(len(running)))
        settled[ended] = StepOutcome(chance.choice(["done", "done", "staged", "failed", "none"]))
        note(schedule.settle(ended, settled[ended]))
        if chance.random() < 0.02:
            note(schedule.stop("asked to"))
    assert settled == schedule.outcomes
    assert set(settled) == set(by_id)


def _schedule(*nodes: Node) -> Schedule:
    graph = build(nodes, [], [Layer("bmc", ())])  # type: ignore[arg-type]
    return Schedule([Step(n.id, "bmc", n.device, n.groups) for n in nodes], graph, {"bmc": 8})


def test_a_failure_stops_its_group_and_those_who_need_it_and_nobody_else() -> None:
    group = frozenset({"pair1"})
    schedule = _schedule(
        Node("bmc/a/1", "a", frozenset(), group),
        Node("bmc/a/2", "b", frozenset(), group),
        Node("bmc/a/3", "c", frozenset({"bmc/a/1"}), frozenset()),
        Node("bmc/a/4", "d", frozenset({"bmc/a/3"}), frozenset()),
        Node("bmc/a/5", "e", frozenset(), frozenset()),
    )
    assert schedule.ready() == ["bmc/a/1", "bmc/a/5"]
    skipped = dict(schedule.settle("bmc/a/1", StepOutcome("failed", "broke")))
    assert skipped["bmc/a/2"].message == "bmc/a/1 of the same rolling group (pair1) failed"
    assert skipped["bmc/a/3"].message == "needs bmc/a/1, which failed"
    assert skipped["bmc/a/4"].message == "needs bmc/a/3, which was skipped"
    assert "bmc/a/5" not in skipped


def test_a_staged_step_lets_those_who_need_it_go_on() -> None:
    schedule = _schedule(Node("bmc/a/1", "a", frozenset(), frozenset()), Node("bmc/a/2", "b", frozenset({"bmc/a/1"}), frozenset()))
    assert schedule.ready() == ["bmc/a/1"]
    assert schedule.settle("bmc/a/1", StepOutcome("staged")) == []
    assert schedule.ready() == ["bmc/a/2"]

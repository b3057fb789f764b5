"""A device that an earlier layer of the plan is only about to make: left for later, and taken up by the run after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plan_fakes import FakeLayer, Script, World, access, broken, thing, unreachable

from infra_kit.inventory.errors import ExitCode, NoAnchorError
from infra_kit.plan.later import next_request, sentences
from infra_kit.plan.presentation import plan_text, report_text
from infra_kit.plan.request import Request
from infra_kit.plan.run import perform

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.request import Report


@dataclass
class MadeLayer(FakeLayer):
    made_by: str = "hosts"


def run(site: Site, world: World, reading: Callable[[], None] | None, *, changing: Callable[[], None] | None = None) -> Report:
    hosts = FakeLayer("hosts", [thing("hosts/node/a", world, changing=changing)])
    cluster = MadeLayer(
        "cluster", [thing(f"cluster/Thing/{name}", world, "kubernetes", reading=reading) for name in "xy"], after=("hosts",)
    )
    return perform(site, [hosts, cluster], access(site), Request(), Script())


def plain(lines: object) -> str:
    return "\n".join(line.plain for line in lines)  # type: ignore[attr-defined]


def test_what_does_not_answer_yet_is_left_for_the_run_after(site: Site, world: World) -> None:
    first = run(site, world, unreachable("kubernetes"))
    assert first.exit_code == ExitCode.PARTIAL
    assert {each: outcome.kind for each, outcome in first.outcomes.items()} == {
        "hosts/node/a": "done",
        "cluster/Thing/x": "skipped",
        "cluster/Thing/y": "skipped",
    }
    assert len(list(sentences(first.plan))) == 1
    for text in (plain(plan_text(first.plan, str)), plain(report_text(first, str, target="site"))):
        assert "cluster: 2 resources; kubernetes does not answer yet" in text
        assert "cluster/Thing/x" not in text
    following = next_request(first, Request(resume=True))
    assert following is not None
    assert following.selection.layers == ("cluster",)
    assert not following.resume

    second = run(site, world, None)
    assert second.exit_code == ExitCode.OK
    assert next_request(second, Request()) is None


def test_what_there_is_nothing_to_trust_by_yet_is_left_for_the_run_after(site: Site, world: World) -> None:
    def unknown_yet() -> None:
        raise NoAnchorError("kubernetes", "its trust anchor ca.pem is not there")

    first = run(site, world, unknown_yet)
    assert first.outcomes["cluster/Thing/x"].kind == "skipped"
    assert next_request(first, Request()) is not None


def test_it_is_unknown_where_nothing_is_made(site: Site, world: World) -> None:
    run(site, world, None)
    again = run(site, world, unreachable("kubernetes"))
    assert {entry.later for entry in again.plan.entries} == {""}
    assert again.outcomes["cluster/Thing/x"].kind == "failed"
    assert next_request(again, Request()) is None


def test_a_device_that_answers_with_a_refusal_is_there(site: Site, world: World) -> None:
    found = run(site, world, broken("kubernetes"))
    assert found.outcomes["cluster/Thing/x"].kind == "failed"
    assert next_request(found, Request()) is None


def test_nothing_follows_a_failure(site: Site, world: World) -> None:
    found = run(site, world, unreachable("kubernetes"), changing=broken("a"))
    assert found.outcomes["cluster/Thing/x"].kind == "skipped"
    assert next_request(found, Request()) is None


def test_nothing_follows_a_reviewed_plan(site: Site, world: World) -> None:
    first = run(site, world, unreachable("kubernetes"))
    assert next_request(first, Request(bound=True)) is None

from __future__ import annotations

import io
from pathlib import Path

import pytest
from plan_fakes import FakeLayer, thing, unreachable

from infra_kit.plan.connections import Connections
from infra_kit.plan.events import Event
from infra_kit.plan.planning import Plan, make_plan
from infra_kit.plan.presentation import console, plan_text, report_text
from infra_kit.plan.progress import ProgressDisplay
from infra_kit.plan.request import Report
from infra_kit.plan.resource import Created, Diff, ReadContext
from infra_kit.plan.scheduling import StepOutcome


class Switch:
    """A resource with a text diff."""

    id = "fabric/config/leaf01a"
    device = "leaf01a"
    depends_on: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def read(self, context: ReadContext):
        from infra_kit.plan.resource import Observed

        return Observed({})

    def diff(self, observed) -> Diff:
        text = "--- running\n+++ intended\n@@ -1 +1 @@\n-hostname a\n+hostname leaf01a\n  mtu 9216"
        return Diff("update", reason="1 line", text=text, disruption="reload")


@pytest.fixture
def plan(site, access, world) -> Plan:
    world.put("w1", "bmc_a_1", "old")
    world.put("attic", "bmc_a_9", "wanted")
    world.put("w5", "bmc_a_5", "wanted")
    things = [
        thing("bmc/a/1", world, "w1", disruption="reboot"),
        thing("bmc/a/2", world, "w2", wanted=["geheim", 1]),
        thing("bmc/a/3", world, "w3", reading=unreachable("w3")),
        thing("bmc/b/1", world, "w1", needs=("bmc/a/2",)),
        thing("bmc/a/5", world, "w5"),
    ]
    layers = [FakeLayer("bmc", things, world=world), FakeLayer("fabric", [Switch()], after=("bmc",))]  # type: ignore[list-item]
    return make_plan(layers, ReadContext(site, Connections(access, read_only=True)), created=[Created("bmc/a/9", {})])


PLAN = """\
bmc
  w1
    ~ bmc/a/1  ! reboots the server
        value: old -> wanted
    + bmc/b/1
        value: wanted
  w2
    + bmc/a/2
        value: ["«x»", 1]
  w3
    ? bmc/a/3  unknown: w3: no connection
  attic
    - bmc/a/9
        value: wanted -> (removed)

fabric
  leaf01a
    ~ fabric/config/leaf01a  ! reloads the device
        1 line
        --- running
        +++ intended
        @@ -1 +1 @@
        -hostname a
        +hostname leaf01a
          mtu 9216

Plan: 2 to create, 2 to update, 1 to delete, 1 unchanged, 1 unknown
"""


def _mask(text: str) -> str:
    return text.replace("geheim", "«x»")


def test_a_plan_as_plain_text(plan: Plan) -> None:
    out = io.StringIO()
    shown = console(out)
    for line in plan_text(plan, _mask):
        shown.print(line)
    assert out.getvalue() == PLAN


def test_a_plan_in_colour_says_the_same(plan: Plan) -> None:
    assert "\n".join(line.plain for line in plan_text(plan, _mask)) + "\n" == PLAN
    styles = {line.plain.strip(): str(line.style) for line in plan_text(plan, _mask)}
    assert styles["-hostname a"] == "red"
    assert styles["+hostname leaf01a"] == "green"


class Terminal(io.StringIO):
    """Somebody is looking."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("plain", [True, False])
def test_with_no_color_there_is_no_escape_at_all(plan: Plan, monkeypatch: pytest.MonkeyPatch, plain: bool) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1" if plain else "")
    out = Terminal()
    shown = console(out)
    with ProgressDisplay(shown, str).reading() as progress:
        for line in plan_text(plan, _mask):
            shown.print(line)
        progress.event(Event("ended", "bmc/a/1", "w1", "failed", "no"))
    assert ("\x1b" in out.getvalue()) is not plain


def test_long_lines_are_not_wrapped(plan: Plan) -> None:
    out = io.StringIO()
    console(out).print(next(iter(plan_text(plan, str))).append("x" * 500))
    assert out.getvalue().count("\n") == 1


def test_the_end_of_a_run_says_what_is_left_and_what_to_do(plan: Plan) -> None:
    outcomes = {
        "bmc/a/1": StepOutcome("failed", "w1: it said geheim"),
        "bmc/b/1": StepOutcome("skipped", "needs bmc/a/1, which failed"),
        "bmc/a/2": StepOutcome("staged", "waits"),
        "bmc/a/5": StepOutcome("none"),
    }
    report = Report("run-1", Path("/x/runs/run-1"), plan, "partial", 5, outcomes, "interrupted by SIGINT")
    assert [line.plain for line in report_text(report, _mask, target="SITE")] == [
        "failed  bmc/a/1: w1: it said «x»",
        "skipped bmc/b/1: needs bmc/a/1, which failed",
        "",
        "Run run-1: 0 done, 1 staged, 1 failed, 1 skipped, 1 unchanged",
        "interrupted by SIGINT",
        "Staged changes take effect at the next reset: `infra-kit apply SITE --allow-reboot` resets the servers one by one.",
        "When the cause is mended: `infra-kit apply SITE --resume`. Log and backups: /x/runs/run-1",
    ]


def test_progress_without_a_terminal_is_a_line_for_each_wait_and_end() -> None:
    out = io.StringIO()
    with ProgressDisplay(console(out), _mask).reading() as progress:
        progress.event(Event("reading", "bmc/a/1", "w1"))
        progress.event(Event("read", "bmc/a/1", "w1"))
        progress.changing(2)
        progress.event(Event("started", "bmc/a/1", "w1"))
        progress.event(Event("waiting", "bmc/a/1", "w1", message="geheim is late"))
        progress.event(Event("ended", "bmc/a/1", "w1", "done", "geheim"))
        progress.event(Event("ended", "bmc/a/2", "w2", "none"))
    assert out.getvalue() == "waiting bmc/a/1: «x» is late\ndone    bmc/a/1: «x»\n"


def test_progress_on_a_terminal_is_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TERM")
    from rich.console import Console

    out = io.StringIO()
    with ProgressDisplay(Console(file=out, force_terminal=True, width=120), str).reading() as progress:
        progress.event(Event("reading", "bmc/a/1", "w1"))
        assert progress._progress is not None
        assert progress._progress.tasks[0].fields["devices"] == "w1"
        progress.event(Event("waiting", "bmc/a/1", "w1", message="0 of 2"))
        assert progress._progress.tasks[0].fields["devices"] == "bmc/a/1: 0 of 2"
        progress.event(Event("read", "bmc/a/1", "w1"))
        assert progress._progress.tasks[0].completed == 1
    assert progress._progress is None


def test_a_silent_devices_reason_is_said_once(site, access, world) -> None:
    silent = [thing(f"bmc/a/{number}", world, "w3", reading=unreachable("w3")) for number in (1, 2, 3)]
    other = thing("bmc/a/4", world, "w4", reading=unreachable("w4"))
    plan = make_plan([FakeLayer("bmc", [*silent, other], world=world)], ReadContext(site, Connections(access, read_only=True)), created=[])
    lines = [line.plain.strip() for line in plan_text(plan, str)]
    assert lines[2:5] == ["? bmc/a/1  unknown: w3: no connection", "? bmc/a/2  unknown: as above", "? bmc/a/3  unknown: as above"]
    assert lines[6] == "? bmc/a/4  unknown: w4: no connection"


def test_parts_of_a_device_are_shown_as_the_device(site, access, world) -> None:
    things = [thing(f"bmc/a/{number}", world, f"cluster/Part/{number}") for number in (1, 2)]
    plan = make_plan([FakeLayer("bmc", things, world=world)], ReadContext(site, Connections(access, read_only=True)))  # type: ignore[list-item]
    lines = [text.plain for text in plan_text(plan, str)]
    assert [line for line in lines if not line.startswith("      ")] == [
        "bmc",
        "  cluster",
        "    + bmc/a/1",
        "    + bmc/a/2",
        "",
        "Plan: 2 to create, 0 to update, 0 to delete, 0 unchanged, 0 unknown",
    ]


def test_what_was_not_done_is_said_again_only_where_it_is_short(plan: Plan) -> None:
    skipped = {f"bmc/a/{number}": StepOutcome("skipped", "needs bmc/b/1, which failed") for number in range(20)}
    outcomes = {**skipped, "bmc/b/1": StepOutcome("failed", "no"), "bmc/b/2": StepOutcome("failed", "nor that")}
    report = Report("run-1", Path("/x/runs/run-1"), plan, "partial", 5, outcomes)
    assert [line.plain for line in report_text(report, str, target="SITE")][:5] == [
        "failed  bmc/b/1: no",
        "failed  bmc/b/2: nor that",
        "and 20 more: `infra-kit history SITE run-1` has them all",
        "",
        "Run run-1: 0 done, 0 staged, 2 failed, 20 skipped, 0 unchanged",
    ]

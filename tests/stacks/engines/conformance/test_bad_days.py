"""The API server goes away in the middle, and comes back."""

from __future__ import annotations

import pytest
from conformance_bench import Moment, Script, case

pytestmark = pytest.mark.badday


def control(bench):
    return bench.control_plane.lab.control


@pytest.fixture
def comes_back(bench):
    """Whatever a test does to the API server, the next one finds it well."""
    yield
    control(bench).faults("kubernetes", unreachable=False, stopped=False)


@case("many")
def test_an_api_server_killed_in_the_middle_and_back(bench, comes_back):
    bench.use("many")
    script = Script(on_event=Moment("verified", lambda: control(bench).faults("kubernetes", unreachable=True), after=8))
    report = bench.run(script=script)
    kinds = [outcome.kind for outcome in report.outcomes.values()]
    assert report.exit_code == 5
    assert kinds.count("done") >= 8
    assert "failed" in kinds

    control(bench).faults("kubernetes", unreachable=False)
    assert bench.run(resume=True).exit_code == 0
    assert bench.actions() == {}
    assert (
        len([each for each in bench.hand.list("v1", "ConfigMap", bench.namespace) if each["metadata"]["name"] != "kube-root-ca.crt"]) == 30
    )


@case("basic")
def test_an_api_server_killed_while_a_deployment_is_waited_for(bench, comes_back):
    """The wait bears it: once the server is back, the run goes on as if nothing had been."""
    bench.use("basic")

    def kill_and_start():
        control(bench).faults("kubernetes", unreachable=True)
        control(bench).faults("kubernetes", unreachable=False)

    def on_waiting(event):
        if event.moment == "waiting" and "Deployment" in event.resource:
            act(event)

    act = Moment("waiting", kill_and_start)
    report = bench.run(script=Script(on_event=on_waiting))
    outcome = report.outcomes[f"workspaces/Deployment/{bench.namespace}/web"]
    assert (outcome.kind, outcome.message) == ("done", "")


@case("settings")
def test_an_api_server_that_is_away_leaves_everything_unknown(bench, comes_back):
    control(bench).faults("kubernetes", unreachable=True)
    bench.use("settings")
    entries = bench.plan()
    assert {entry.diff.action for entry in entries.values()} == {"unknown"}

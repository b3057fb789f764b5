"""The API server goes away in the middle, and comes back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conformance_bench import Moment, Script, case

from infra_kit.inventory.access import KUBERNETES, open_access
from infra_kit.inventory.load import load_site
from infra_kit.lab.embedded import RunningLab
from infra_kit.stacks.kubernetes_api import outage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.lab.control import LabControl
    from infra_kit.stacks.kubernetes_api.client import KubernetesWriter

pytestmark = pytest.mark.badday


@pytest.fixture(scope="module")
def control_plane(request, tmp_path_factory) -> Iterator[RunningControlPlane]:
    """One of these tests' own: controllers take half a minute to come back to a server that was away, and others would wait for them."""
    folder = tmp_path_factory.mktemp("bad-days") / "site"
    shutil.copytree(request.config.rootpath / "inventory" / "configuration-1", folder, ignore=shutil.ignore_patterns(".infra-kit"))
    with RunningLab(folder, without=["bmcs", "switches", "array", "hosts"]) as running:
        yield RunningControlPlane(running, folder)


@pytest.fixture(scope="module")
def cluster_writer(control_plane) -> Iterator[KubernetesWriter]:
    """A client of that one."""
    from infra_kit.stacks.kubernetes_api.client import KubernetesWriter

    client = KubernetesWriter(open_access(load_site(control_plane.site_folder)).endpoint(KUBERNETES, KUBERNETES))
    yield client
    client.close()


@pytest.fixture
def server(bench) -> Iterator[Server]:
    """The API server; well again for the next test."""
    server = Server(bench.control_plane.lab.control)
    yield server
    server.start()


@dataclass(frozen=True)
class RunningControlPlane:
    """What a bench needs of it."""

    lab: RunningLab
    site_folder: Path


@dataclass(frozen=True)
class Server:
    """The API server, to be killed and started."""

    control: LabControl

    def kill(self):
        self.control.faults(KUBERNETES, unreachable=True)

    def start(self):
        self.control.faults(KUBERNETES, unreachable=False)


@case("many")
def test_an_api_server_killed_in_the_middle_and_back(bench, server, monkeypatch):
    # Half a minute of silence would be as much again for the controllers, until they come back to the next test.
    monkeypatch.setattr(outage, "PATIENCE_S", 2.0)
    bench.use("many")
    script = Script(on_event=Moment("verified", server.kill, after=8))
    report = bench.run(script=script)
    kinds = [outcome.kind for outcome in report.outcomes.values()]
    assert report.exit_code == 5
    assert kinds.count("done") >= 8
    assert "failed" in kinds

    server.start()
    assert bench.run(resume=True).exit_code == 0
    assert bench.actions() == {}
    written = [each for each in bench.hand.list("v1", "ConfigMap", bench.namespace) if each["metadata"]["name"] != "kube-root-ca.crt"]
    assert len(written) == len(kinds) - 1, "all but the namespace"


@case("unschedulable_for_a_while")
def test_an_api_server_killed_while_a_deployment_is_waited_for(bench, server):
    """The wait bears it: once the server is back and the pod has a node, the run ends as if nothing had been."""
    bench.use("unschedulable_for_a_while")
    node = next(each["metadata"]["name"] for each in bench.hand.list("v1", "Node") if not each["spec"].get("taints"))

    def kill_start_and_help():
        server.kill()
        server.start()
        bench.hand.patch("v1", "Node", "", node, {"metadata": {"labels": {"example.org/none": "true"}}}, manager="kubectl")

    script = Script(on_event=Moment("waiting", kill_start_and_help))
    report = bench.run(script=script)
    assert [event.resource for event in script.events if event.moment == "waiting"]
    outcome = report.outcomes[f"workspaces/Deployment/{bench.namespace}/web"]
    assert outcome.kind == "done", outcome.message


@case("settings")
def test_an_api_server_that_is_away_leaves_everything_unknown(bench, server):
    server.kill()
    bench.use("settings")
    entries = bench.plan()
    assert {entry.diff.action for entry in entries.values()} == {"unknown"}

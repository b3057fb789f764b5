"""Workspaces on demand, on a real control plane."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra_kit import layers
from infra_kit.cli import dialogue
from infra_kit.cli.app import run
from infra_kit.inventory.load import load_site
from infra_kit.plan.record.lock import Lock
from infra_kit.plan.record.place import open_database
from infra_kit.plan.state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import RunningControlPlane

SMALL = ["--cpu", "8", "--memory", "64Gi", "--storage", "100Gi"]
NAME = "notes"


@pytest.fixture(scope="module")
def site(control_plane: RunningControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A copy of the control plane's site to edit, with the platform applied, and the overlay to reach it by."""
    folder = tmp_path_factory.mktemp("workspaces") / "site"
    shutil.copytree(control_plane.site_folder, folder, ignore=shutil.ignore_patterns(".infra-kit"))
    overlay = control_plane.lab.folder.endpoints
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(layers, "NAMES", ("cluster", "workspaces"))
        assert run(["apply", str(folder), "--layer", "cluster", "--yes", "--endpoints", str(overlay)]) == 0
        yield folder, overlay


def _workspace(site: tuple[Path, Path], command: str, *arguments: str) -> int:
    return run(["workspace", command, str(site[0]), *arguments, "--endpoints", str(site[1])])


def _listed(site: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    capsys.readouterr()
    assert _workspace(site, "list", "--format", "json") == 0
    return {each["name"]: each for each in json.loads(capsys.readouterr().out)["workspaces"]}


def test_a_workspace_comes_rests_wakes_and_goes(site, control_plane, capsys, monkeypatch) -> None:
    before = (site[0] / "platform.yaml").read_text()
    assert _workspace(site, "add", NAME, "--team", "marketing", "--user", "zoe", *SMALL, "--yes") == 0
    assert _listed(site, capsys)[NAME]["namespaces"] == [NAME, f"{NAME}-user-zoe"]
    assert _listed(site, capsys)["churn"]["on_cluster"] is False

    replicas = ["get", "deployment", "hub", "-n", NAME, "-o", "jsonpath={.spec.replicas}"]
    assert _workspace(site, "suspend", NAME, "--yes") == 0
    assert control_plane.kubectl(*replicas).stdout == "0"
    assert _workspace(site, "remove", NAME, "--yes") == 64
    assert "is suspended" in capsys.readouterr().err
    assert _workspace(site, "resume", NAME, "--yes") == 0
    assert control_plane.kubectl(*replicas).stdout == "1"

    # What somebody else put there is named, and goes along; the name has to be typed.
    control_plane.kubectl("create", "configmap", "precious", "-n", NAME, "--from-literal=a=b")
    monkeypatch.setattr(dialogue, "is_interactive", lambda: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("fraud\n"))
    assert _workspace(site, "remove", NAME, "--no-backup") == 64
    said = capsys.readouterr()
    assert f"{NAME}: ConfigMap/precious" in said.out
    assert f"Goes for good: namespaces {NAME}, {NAME}-user-zoe with all that is in there" in said.out
    assert f"Stays: what is in nfs.configuration-1.example.internal:/ifs/data/kubernetes/{NAME} (homes, " in said.out
    assert "nothing was removed" in said.err
    assert _listed(site, capsys)[NAME]["on_cluster"] is True
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{NAME}\n"))
    assert _workspace(site, "remove", NAME, "--no-backup") == 0
    assert f"Nothing of workspace {NAME} is left on the cluster." in capsys.readouterr().out
    everything = "namespace,persistentvolume,clusterrole,clusterrolebinding,configmap,secret,role,rolebinding"
    left = control_plane.kubectl("get", everything, "-A", "-l", f"infra-kit.dev/stack=workspaces.{NAME}", "-o", "name")
    assert left.stdout == ""
    assert (site[0] / "platform.yaml").read_text() == before


def test_where_nothing_is_sent_the_inventory_is_as_it_was(site, capsys, monkeypatch) -> None:
    before = (site[0] / "platform.yaml").read_text()
    monkeypatch.setattr(dialogue, "is_interactive", lambda: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert _workspace(site, "add", NAME, "--team", "marketing", *SMALL) == 1
    said = capsys.readouterr()
    assert "Nothing was sent." in said.out
    assert said.err.endswith("The inventory is as it was.\n")
    loaded = load_site(site[0])
    with Lock(open_database(loaded, StateFolder(site[0])), loaded.site.name) as held:
        held.acquire("other-run", [f"workspaces/{NAME}"])
        assert _workspace(site, "add", NAME, "--team", "marketing", *SMALL, "--yes") == 4
        said = capsys.readouterr().err
        assert f"workspace {NAME} of site configuration-1 is locked: " in said
        assert "The inventory is as it was." in said
    assert (site[0] / "platform.yaml").read_text() == before


def test_it_is_backed_up_before_it_goes_and_restored_on_demand(site, control_plane, capsys) -> None:
    assert _workspace(site, "add", NAME, "--team", "marketing", *SMALL, "--yes") == 0
    capsys.readouterr()
    assert _workspace(site, "restore", NAME, "--from", "20261120", "--yes") == 0
    assert f"Workspace {NAME} is restored from backup 20261120." in capsys.readouterr().out
    query = "jsonpath={range .items[*]}{.metadata.name} {.spec.template.spec.containers[0].env}{'\\n'}{end}"
    jobs = control_plane.kubectl("get", "jobs", "-n", NAME, "-o", query).stdout
    restored = next(line for line in jobs.splitlines() if line.startswith("restore-"))
    assert '{"name":"BACKUP","value":"20261120"}' in restored
    assert _workspace(site, "remove", NAME, "--yes") == 0
    said = capsys.readouterr().out
    assert said.index("Goes for good: ") < said.index("Backing up: job backup-") < said.index("Backed up.") < said.index("-  - name: notes")
    assert control_plane.kubectl("get", "namespace", NAME, check=False).returncode == 1


def test_two_operators_add_different_workspaces_at_once(site, capsys) -> None:
    before = (site[0] / "platform.yaml").read_text()
    code = "import sys; from infra_kit import layers; layers.NAMES = ('cluster', 'workspaces'); from infra_kit.cli.app import run; "
    command = [sys.executable, "-c", f"{code}sys.exit(run(sys.argv[1:]))", "workspace", "add", str(site[0])]
    tiny = ["--team", "marketing", "--cpu", "4", "--memory", "32Gi", "--storage", "50Gi", "--yes", "--endpoints", str(site[1])]
    operators = [subprocess.Popen([*command, name, *tiny], stdout=subprocess.PIPE, text=True) for name in ("left", "right")]
    said = [operator.communicate(timeout=200)[0] for operator in operators]
    assert [operator.returncode for operator in operators] == [0, 0], said
    listed = _listed(site, capsys)
    assert (listed["left"]["on_cluster"], listed["right"]["on_cluster"]) == (True, True)
    for name in ("left", "right"):
        assert _workspace(site, "remove", name, "--no-backup", "--yes") == 0
    assert (site[0] / "platform.yaml").read_text() == before

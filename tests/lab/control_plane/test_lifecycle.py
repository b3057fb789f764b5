"""The control plane as `infra-kit lab` starts it in the background: found again, killed, resumed, forgotten, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from infra_kit.cli.app import run
from infra_kit.lab.folder import LabFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

WITHOUT = ["--without", "bmcs,switches,array,hosts"]
PARTS = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[Path]:
    """A site with its lab up; the tests of this file go on from one another."""
    import shutil

    folder = tmp_path_factory.mktemp("lifecycle") / "configuration-1"
    shutil.copytree(repository / "inventory" / "configuration-1", folder, ignore=shutil.ignore_patterns(".infra-kit"))
    assert run(["lab", "up", str(folder), *WITHOUT]) == 0
    yield folder
    run(["lab", "down", str(folder)])


@pytest.fixture(scope="module")
def repository() -> Path:
    return Path(__file__).resolve().parents[3]


def _kubectl(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from infra_kit.cli.app import main; main()", "lab", "kubectl", str(site), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _pids(site: Path) -> dict[str, int]:
    lines = (LabFolder(site).root / "kubernetes" / "pids").read_text().splitlines()
    return {name: int(pid) for name, pid in (line.split() for line in lines)}


def _alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _until_gone(pids: dict[str, int]) -> None:
    deadline = time.monotonic() + 20
    while left := [name for name, pid in pids.items() if _alive(pid)]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.02)


def _port(site: Path) -> int:
    port: int = yaml.safe_load(LabFolder(site).endpoints.read_text())["devices"]["kubernetes"]["kubernetes"]["port"]
    return port


def test_a_second_up_changes_nothing(site: Path, capsys) -> None:
    before = _pids(site)
    assert before.keys() == PARTS
    assert run(["lab", "up", str(site), *WITHOUT]) == 0
    said = capsys.readouterr().out
    assert "already running" in said
    assert f"kubernetes       11 nodes   kubernetes 127.0.0.1:{_port(site)}" in said
    assert f"kubeconfig: {LabFolder(site).kubeconfig}" in said
    assert _pids(site) == before


def test_status_names_the_kubeconfig(site: Path, capsys) -> None:
    assert run(["lab", "status", str(site), "--format", "json"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert state["kubeconfig"] == str(LabFolder(site).kubeconfig)
    assert [(each["name"], each["protocol"]) for each in state["devices"]] == [("kubernetes", "kubernetes")]


def test_kubectl_gets_what_follows_the_site_as_it_is(site: Path) -> None:
    said = _kubectl(site, "get", "nodes", "-o", "name", "--selector", "nvidia.com/gpu.present=true")
    assert said.stdout.split() == ["node/gpu01", "node/gpu02"], said.stderr
    assert "kubectl get" in _kubectl(site, "get", "--help").stdout
    refused = _kubectl(site, "get", "pod", "no-such-pod")
    assert refused.returncode == 1
    assert "NotFound" in refused.stderr


@pytest.mark.badday
def test_a_killed_lab_leaves_no_process_and_the_next_one_remembers(site: Path, capsys) -> None:
    assert _kubectl(site, "create", "namespace", "kept").returncode == 0
    pids, port = _pids(site), _port(site)
    lab = json.loads(LabFolder(site).record.read_text())["pid"]
    os.kill(lab, signal.SIGKILL)
    _until_gone(pids)
    assert run(["lab", "up", str(site), *WITHOUT]) == 0
    assert _port(site) == port
    assert _pids(site).keys() == PARTS
    assert not set(_pids(site).values()) & set(pids.values())
    assert _kubectl(site, "get", "namespace", "kept").returncode == 0


def test_down_ends_everything_and_withdraws_the_kubeconfig(site: Path, capsys) -> None:
    pids = _pids(site)
    assert run(["lab", "down", str(site)]) == 0
    assert not [name for name, pid in pids.items() if _alive(pid)]
    assert not LabFolder(site).kubeconfig.exists()
    said = _kubectl(site, "get", "nodes")
    assert said.returncode == 1
    assert "no control plane runs" in said.stderr
    assert f"infra-kit lab up {site}" in said.stderr


def test_reset_forgets_and_nodes_follow_the_inventory(site: Path, capsys) -> None:
    platform = site / "platform.yaml"
    platform.write_text(platform.read_text().replace("    - worker06\n", "", 1))
    assert run(["lab", "up", str(site), *WITHOUT, "--reset"]) == 0
    assert _kubectl(site, "get", "namespace", "kept").returncode == 1
    assert "worker06" not in _kubectl(site, "get", "nodes", "-o", "name").stdout

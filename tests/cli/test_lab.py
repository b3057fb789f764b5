"""`infra-kit lab`, as an operator types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ruamel.yaml import YAML

from infra_kit.cli.app import run
from infra_kit.cli.lab.misbehaviour import read_settings
from infra_kit.inventory.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.lab.embedded import RunningLab


def test_up_again_status_down(site_folder: Path, capsys) -> None:
    site = str(site_folder)
    assert run(["lab", "up", site, "--without", "bmcs,hosts,kubernetes"]) == 0
    try:
        shown = capsys.readouterr().out
        assert "the lab of configuration-1 is up" in shown
        assert "array01          H5600      papi     127.0.0.1:" in shown
        assert run(["lab", "up", f"{site}/site.yaml", "--without", "bmcs,hosts,kubernetes"]) == 0
        assert "already running" in capsys.readouterr().out
        assert run(["lab", "up", site, "--reset"]) == 1
        assert run(["lab", "status", site]) == 0
        assert "running (pid" in capsys.readouterr().out
    finally:
        assert run(["lab", "down", site]) == 0
    assert "the lab is down" in capsys.readouterr().out
    assert run(["lab", "down", site]) == 0
    assert "no lab was running" in capsys.readouterr().out
    assert run(["lab", "status", site]) == 0
    assert "start it with" in capsys.readouterr().out


def test_a_running_lab_is_brought_to_the_inventory(site_folder: Path, capsys) -> None:
    site = str(site_folder)
    assert run(["lab", "up", site, "--without", "array,switches,hosts,kubernetes"]) == 0
    try:
        places = _places(site_folder)
        assert run(["lab", "tamper", site, "worker01", "bios.LogicalProc=Disabled"]) == 0
        file = site_folder / "servers.yaml"
        inventory = YAML().load(file)
        gone = inventory["servers"].pop()["name"]
        YAML().dump(inventory, file)
        cluster = site_folder / "platform.yaml"
        cluster.write_text(cluster.read_text().replace(f"    - {gone}\n", "", 1))
        capsys.readouterr()
        assert run(["lab", "up", site, "--without", "switches,hosts,kubernetes"]) == 0
        said = capsys.readouterr().out
        assert f"bringing the running lab to the inventory: added array01; removed {gone}\n" in said
        assert "is up (pid" in said
        now = _places(site_folder)
        assert set(now) == {*places, "array01"} - {gone}
        assert [name for name in now if now[name] != places.get(name)] == ["array01"], "the others are where they were"
        assert "Disabled" in (site_folder / ".infra-kit/lab/state/worker01.json").read_text()
    finally:
        assert run(["lab", "down", site]) == 0


def _places(site_folder: Path) -> dict[str, Any]:
    places: dict[str, Any] = yaml.safe_load((site_folder / ".infra-kit/lab/endpoints.yaml").read_text())["devices"]
    return places


def test_a_lab_inside_another_program_is_not_started_anew(lab: RunningLab, capsys) -> None:
    assert run(["lab", "up", str(lab.site_folder), "--without", "array,hosts"]) == 1
    assert "end that program" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["up"], ["down"], ["status"], ["status", "--format", "json"], ["events", "worker01"]])
def test_a_state_folder_that_is_a_file(site_folder: Path, capsys, command: list[str]) -> None:
    (site_folder / ".infra-kit").write_text("not a folder\n")
    verb, *rest = command
    code = run(["lab", verb, str(site_folder), *rest])
    said = capsys.readouterr()
    assert "internal error" not in said.err
    assert code == (1 if verb in {"up", "events"} else 0)
    if verb == "up":
        assert str(site_folder / ".infra-kit") in said.err
        assert "move it away" in said.err


def test_status_as_json(lab: RunningLab, capsys) -> None:
    assert run(["lab", "status", str(lab.site_folder), "--format", "json"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert state["running"] is True
    assert state["endpoints"] == str(lab.endpoints)
    assert {device["protocol"] for device in state["devices"]} == {"redfish", "ssh", "papi"}


def test_status_as_json_without_a_lab(site_folder: Path, capsys) -> None:
    assert run(["lab", "status", str(site_folder), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"site": str(site_folder), "running": False}


def test_fault_tamper_events(lab: RunningLab, capsys) -> None:
    site = str(lab.site_folder)
    assert run(["lab", "fault", site, "worker01", "latency_s=0.01", "stuck_jobs=true"]) == 0
    assert "stuck_jobs=true" in capsys.readouterr().out
    assert run(["lab", "status", site]) == 0
    assert "faults: {'latency_s': 0.01, 'stuck_jobs': True}" in capsys.readouterr().out
    assert run(["lab", "tamper", site, "worker01", "bios.LogicalProc=Disabled"]) == 0
    assert "Disabled" in (lab.folder.state / "worker01.json").read_text()
    lab.control._call("GET", "/devices")
    assert run(["lab", "events", site, "worker01", "--clear"]) == 0
    assert run(["lab", "fault", site, "nobody"]) == 1
    assert "no such device in this lab" in capsys.readouterr().err


def test_foreground_runs_the_lab_here(site_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def main(arguments: list[str]) -> int:
        calls.append(arguments)
        return 1

    monkeypatch.setattr("infra_kit.lab.__main__.main", main)
    assert run(["lab", "up", str(site_folder), "--foreground", "--reset", "--without", "array,hosts"]) == 1
    assert calls == [[str(site_folder), "--without", "array,hosts", "--reset"]]


@pytest.mark.parametrize(
    "arguments",
    [
        ["up", "SITE", "--without", "everything"],
        ["up", "SITE/nowhere"],
        ["status", "SITE/nowhere"],
        ["tamper", "SITE", "worker01", "bios"],
        ["status", "SITE", "--format", "xml"],
    ],
)
def test_wrong_usage(lab_site: Path, arguments: list[str]) -> None:
    assert run(["lab", *(argument.replace("SITE", str(lab_site)) for argument in arguments)]) == 64


def test_settings() -> None:
    assert read_settings(["a=1", "b.c=text", "b.d=[1, 2]", "e=null", "f=x=y"]) == {
        "a": 1,
        "b": {"c": "text", "d": [1, 2]},
        "e": None,
        "f": "x=y",
    }
    with pytest.raises(UsageError, match="not name=value"):
        read_settings(["nothing"])

"""`infra-kit lab`, as an operator types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra_kit.cli.app import run
from infra_kit.cli.lab import _settings
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
        assert run(["lab", "up", f"{site}/site.yaml"]) == 0
        again = capsys.readouterr()
        assert "already running" in again.out
        assert "it lacks master01" in again.err
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
    assert run(["lab", "up", str(site_folder), "--foreground", "--reset", "--without", "array"]) == 1
    assert calls == [[str(site_folder), "--without", "array", "--reset"]]


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
    assert _settings(["a=1", "b.c=text", "b.d=[1, 2]", "e=null", "f=x=y"]) == {
        "a": 1,
        "b": {"c": "text", "d": [1, 2]},
        "e": None,
        "f": "x=y",
    }
    with pytest.raises(UsageError, match="not name=value"):
        _settings(["nothing"])

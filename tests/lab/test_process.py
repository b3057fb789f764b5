"""The lab in the background: found, ended, and what is left after it was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab import __main__ as program
from infra_kit.lab import process
from infra_kit.lab.embedded import RunningLab
from infra_kit.lab.folder import LabFolder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.badday
def test_a_killed_lab_is_resumed_at_its_old_places(site_folder: Path) -> None:
    folder = LabFolder(site_folder)
    first = process.start(folder, without=["array", "hosts", "kubernetes"])
    overlay = folder.endpoints.read_text()
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert folder.endpoints.exists()
    assert process.find(folder) is None
    second = process.start(folder, without=["array", "hosts", "kubernetes"])
    try:
        assert second.pid != first.pid
        assert folder.endpoints.read_text() == overlay
    finally:
        assert process.stop(folder) == second.pid
    assert process.stop(folder) is None


def test_what_a_killed_lab_left_is_cleared_by_down(site_folder: Path) -> None:
    folder = LabFolder(site_folder)
    folder.make()
    folder.endpoints.write_text("devices: {}\n")
    folder.record.write_text(json.dumps({"pid": os.getpid(), "started": "", "control": {}, "embedded": False}))
    assert process.stop(folder) is None  # the pid is alive, but it is not a lab's
    assert not folder.endpoints.exists()


def test_the_record_of_a_killed_lab_is_not_taken_for_the_one_that_is_coming_up(site_folder: Path) -> None:
    folder = LabFolder(site_folder)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with RunningLab(site_folder, without=["bmcs", "switches", "kubernetes"]):
        record = json.loads(folder.record.read_text())
        folder.record.write_text(json.dumps(record | {"pid": ended.pid}))
        assert process.find(folder) is None
        folder.record.write_text(json.dumps(record | {"pid": 1}))
        assert process.find(folder) is not None  # alive, whoever's it is


def test_an_embedded_lab_is_found_but_not_ended(site_folder: Path) -> None:
    with RunningLab(site_folder, without=["bmcs", "switches", "kubernetes"]) as lab:
        assert process.find(lab.folder).pid == os.getpid()
        with pytest.raises(LabError, match="inside another program"):
            process.stop(lab.folder)


def test_an_embedded_lab_that_cannot_start_leaves_no_thread(site_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra_kit.lab.orchestrator._LOCK_TRIES", 1)
    with RunningLab(site_folder, without=["bmcs", "switches", "kubernetes"]):
        second = RunningLab(site_folder)
        with pytest.raises(LabError, match="runs already"):
            second.__enter__()
    assert not second._thread.is_alive()


def test_a_lab_on_its_way_up_is_not_ended(site_folder: Path) -> None:
    with RunningLab(site_folder, without=["bmcs", "switches", "kubernetes"]) as lab:
        record = lab.folder.record.read_text()
        lab.folder.record.unlink()
        with pytest.raises(LabError, match="coming up or going down"):
            process.stop(lab.folder)
        lab.folder.record.write_text(record)


def test_a_lab_that_ends_at_once_shows_its_last_words(site_folder: Path) -> None:
    (site_folder / "servers.yaml").unlink()
    with pytest.raises(LabError, match=r"exit code 65.*\n.*error"):
        process.start(LabFolder(site_folder))


def test_a_lab_that_is_never_ready_is_ended(site_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_READY_S", 0.0)
    with pytest.raises(LabError, match="not ready"):
        process.start(LabFolder(site_folder))


def test_a_lab_that_ignores_its_end_is_killed_then_reported(site_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(process, "_GRACE_S", 0.0)
    monkeypatch.setattr(process.os, "kill", lambda _pid, number: sent.append(number) if number else None)
    with RunningLab(site_folder, without=["bmcs", "switches", "kubernetes"]) as lab:
        record = json.loads(lab.folder.record.read_text())
        lab.folder.record.write_text(json.dumps(record | {"embedded": False}))
        with pytest.raises(LabError, match="does not end"):
            process.stop(lab.folder)
    assert sent == [signal.SIGTERM, signal.SIGKILL]


def test_the_program_runs_until_it_is_told_to_end(site_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from infra_kit.lab.orchestrator import Lab

    seen: list[bool] = []

    async def start_then_end(self: Lab, *, reset: bool = False) -> None:
        await original(self, reset=reset)
        seen.append(self.folder.endpoints.exists())
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGTERM)

    original = Lab.start
    monkeypatch.setattr(Lab, "start", start_then_end)
    assert program.main([str(site_folder), "--without", "bmcs,switches,kubernetes"]) == 0
    assert seen == [True]
    assert not LabFolder(site_folder).endpoints.exists()


def test_the_program_says_what_is_wrong_with_a_site(tmp_path: Path, capsys) -> None:
    assert program.main([str(tmp_path / "nowhere")]) == 64
    assert "no site at" in capsys.readouterr().err

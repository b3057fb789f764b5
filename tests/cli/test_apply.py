from __future__ import annotations

import io
import json
import sys

import pytest

from infra_kit.cli import dialogue
from infra_kit.cli.app import run

ZONES = ["--target", "storage/directory/*", "--target", "storage/groupnet/*", "--target", "storage/zone/*"]


@pytest.fixture
def answer(monkeypatch):
    """Somebody at the terminal who gives this answer."""

    def give(text):
        monkeypatch.setattr(dialogue, "is_interactive", lambda: True)
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return give


def test_yes(lab_site, capsys):
    assert run(["apply", str(lab_site), "--yes", *ZONES]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("configuration-1: lab (endpoints ")
    assert "Plan: " in said.out
    assert " done, 0 staged, 0 failed, 0 skipped, " in said.out.splitlines()[-1]
    assert "done    storage/zone/cdp" in said.err
    assert run(["apply", str(lab_site), "--yes", *ZONES]) == 0
    assert ": 0 done, 0 staged, 0 failed, 0 skipped, " in capsys.readouterr().out


def test_asked_and_agreed(lab_site, answer, capsys):
    answer("y\n")
    assert run(["apply", str(lab_site), *ZONES]) == 0
    assert "changes? [y/N]: " in capsys.readouterr().out


def test_asked_and_declined(lab, answer, capsys):
    answer("\n")
    assert run(["apply", str(lab.site_folder), *ZONES]) == 1
    assert capsys.readouterr().out.endswith("Nothing was sent.\n")
    assert {verb for verb, _ in lab.control.events("array01")} == {"GET"}


def test_nobody_there_to_answer(lab, answer, capsys):
    answer("")
    assert run(["apply", str(lab.site_folder), *ZONES]) == 130
    assert {verb for verb, _ in lab.control.events("array01")} == {"GET"}


def test_no_terminal_and_no_consent(lab, capsys):
    assert run(["apply", str(lab.site_folder)]) == 64
    assert "--yes" in capsys.readouterr().err
    assert lab.control.events("array01") == []


def test_disruptive_changes_are_pointed_out_and_staged(lab, answer, capsys):
    answer("y\n")
    assert run(["apply", str(lab.site_folder), "--target", "bmc/*/edge01"]) == 0
    out = capsys.readouterr().out
    assert "disruptive? [y/N]: " in out
    assert "! reboots the server" in out
    assert "`infra-kit apply " in out.splitlines()[-1]


def test_a_plan_file(lab_site, tmp_path, capsys):
    path = tmp_path / "plan.json"
    assert run(["plan", str(lab_site), *ZONES, "--out", str(path)]) == 0
    assert run(["apply", str(path), "--yes"]) == 0
    assert run(["plan", str(lab_site), *ZONES, "--detailed-exitcode"]) == 0
    assert run(["apply", str(path), "--yes"]) == 3
    assert "make the plan again" in capsys.readouterr().err


def test_a_plan_file_is_not_narrowed_to_a_workspace(lab_site, tmp_path, capsys):
    path = tmp_path / "plan.json"
    assert run(["plan", str(lab_site), *ZONES, "--out", str(path)]) == 0
    assert run(["apply", str(path), "--workspace", "fraud", "--yes"]) == 64
    assert "leave out --workspace" in capsys.readouterr().err


def test_a_plan_file_whose_site_is_gone(lab_site, tmp_path, capsys):
    path = tmp_path / "plan.json"
    run(["plan", str(lab_site), *ZONES, "--out", str(path)])
    document = json.loads(path.read_text())
    document["site"]["folder"] = str(tmp_path / "gone")
    path.write_text(json.dumps(document))
    assert run(["apply", str(path), "--yes"]) == 64
    assert "the plan's site is not there any more" in capsys.readouterr().err


def test_neither_site_nor_plan(tmp_path, capsys):
    assert run(["apply", str(tmp_path / "nothing"), "--yes"]) == 64
    assert "neither a site nor a plan file" in capsys.readouterr().err


def test_resume_takes_no_targets(lab_site, capsys):
    assert run(["apply", str(lab_site), "--yes", "--resume", "--layer", "bmc"]) == 64
    assert "leave out --layer and --target" in capsys.readouterr().err

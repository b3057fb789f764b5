"""`infra-kit doctor`: what is there, too old, broken, missing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from infra_kit import doctor
from infra_kit.cli.app import run
from infra_kit.inventory.catalog.load import shipped
from infra_kit.lab.hosts import requirements

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """
tools:
  - {name: python, purpose: all, command: [python3, --version], least: "3.11", required: true, get: install it}
  - {name: aged, purpose: old things, command: [aged, --version], least: "10.0", required: true, get: install a new one}
  - {name: mute, purpose: silence, command: [mute], get: nowhere}
  - {name: absent, purpose: nothing, command: [absent-program], get: somewhere}
  - {name: notaprogram, purpose: nothing, command: [notaprogram], get: somewhere}
libraries:
  - {name: pytest, purpose: tests, get: pip}
  - {name: no-such-library-of-ours, purpose: none, get: pip}
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {"aged": "#!/bin/sh\necho aged 9.10.1\n", "mute": "#!/bin/sh\nexit 3\n", "notaprogram": "\x00"}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    file = tmp_path / "tools.yaml"
    file.write_text(TABLE)
    return file


def test_every_state(table: Path) -> None:
    found = {each.name: each for each in doctor.diagnose(table)}
    assert {name: each.state for name, each in found.items()} == {
        "python": "found",
        "aged": "too old",
        "mute": "broken",
        "absent": "missing",
        "notaprogram": "broken",
        "pytest": "found",
        "no-such-library-of-ours": "missing",
    }
    assert found["aged"].version == "9.10.1"
    assert [name for name, each in found.items() if each.is_fatal] == ["aged"]


def test_text_says_how_to_get_what_is_missing(table: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr("infra_kit.doctor.diagnose", lambda: _original(table))
    assert run(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "optional; get it: somewhere" in shown
    assert "required (at" in shown


def test_json(capsys) -> None:
    assert run(["doctor", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found[0]["name"] == "python"
    assert {entry["state"] for entry in found if entry["name"] not in {"root", "images"}} <= {"found", "too old", "broken", "missing"}
    assert (found[-1]["name"], found[-1]["state"], found[-1]["required"]) == ("images", "note", False)


def test_images_that_go_by_their_tag_are_noted(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr("infra_kit.doctor.diagnose", list)
    monkeypatch.setattr("infra_kit.cli.doctor._rights", list)
    assert run(["doctor"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    number = len(shipped().images)
    assert first.startswith(f"note     images                {number} of the {number} images that infra-kit comes with have no digest")
    assert "to pin them: " in second
    pinned = {name: image.model_copy(update={"digest": f"sha256:{'0' * 64}"}) for name, image in shipped().images.items()}
    monkeypatch.setattr("infra_kit.inventory.catalog.load.shipped", lambda: replace(shipped(), images=pinned))
    assert run(["doctor"]) == 0
    assert capsys.readouterr().out == ""


def test_the_labs_hosts_find_here_what_they_ask_for() -> None:
    known = {entry["command"][0] for entry in yaml.safe_load(doctor.TABLE.read_text())["tools"]}
    assert known >= {*requirements._PACKAGES, "gpg", "qemu-system-x86_64", "qemu-img"}


def test_whoever_may_have_no_hosts_is_told(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr("infra_kit.doctor.diagnose", list)
    monkeypatch.setattr("infra_kit.cli.doctor._images", list)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert run(["doctor"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("note     root")
    assert "takes root" in first
    assert "`--without hosts`" in second
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert run(["doctor"]) == 0
    assert capsys.readouterr().out == ""


_original = doctor.diagnose

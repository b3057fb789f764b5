"""The program that looks at hosts, run here."""

from __future__ import annotations

import json
import time

import pytest

from infra_kit.layers.hosts.remote import program

EMPTY = {"files": [], "units": [], "sysctls": [], "commands": {}}


@pytest.fixture(autouse=True)
def applied(tmp_path, monkeypatch):
    file = tmp_path / "lib" / "applied.json"
    monkeypatch.setattr(program, "APPLIED", str(file))
    return file


def fingerprint(**probe):
    return program.look({"x": {**EMPTY, **probe}})["x"]["fingerprint"]


def test_content_mode_links_and_what_a_glob_matches_count(tmp_path):
    file = tmp_path / "etc"
    found = []

    def look():
        found.append((fingerprint(files=[str(file)]), fingerprint(files=[str(tmp_path / "*")])))
        return found[-1]

    look()
    file.write_text("a")
    assert look() == look()
    file.write_text("b")
    look()
    file.chmod(0o600)
    look()
    file.unlink()
    file.symlink_to("elsewhere")
    look()
    assert len({one for one, _ in found}) == 5
    assert len({other for _, other in found}) == 5


def test_settings_and_commands_count():
    assert fingerprint(sysctls=["kernel.ostype"]) == fingerprint(sysctls=["kernel.ostype"]) != fingerprint(sysctls=["kernel.no_such"])
    assert fingerprint(commands={"a": "echo 1"}) == fingerprint(commands={"a": "echo  1"}) != fingerprint(commands={"a": "echo 1; false"})


def test_a_clock_counts_once_it_is_farther_off_than_it_may_be():
    def seen(off, **probe):
        return program.answer({"probes": {"x": {**EMPTY, **probe}}, "now": time.time() + off})["roles"]["x"]["fingerprint"]

    assert seen(0, clock=60) == seen(-30, clock=60) == seen(600) == fingerprint()
    assert seen(600, clock=60) == seen(-600, clock=60) != fingerprint()


def test_a_command_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(program, "COMMAND_S", 0.05)
    assert program.run(["sleep", "10"]) == ("TimeoutExpired", -1)
    assert program.run(["no-such-program-here"])[1] == -1


def test_units_are_asked_for_at_once(monkeypatch):
    text = "Id=a.service\nActiveState=failed\n\nId=b.service\nActiveState=active\n"
    monkeypatch.setattr(program, "run", lambda arguments: (text, 0))
    found = program.look({"x": {**EMPTY, "units": ["a.service"]}, "y": {**EMPTY, "units": ["b.service"]}})
    assert (found["x"]["failed"], found["y"]["failed"]) == (["a.service"], [])


def test_notes_are_put_beside_those_that_are_there(applied):
    assert program.answer({"probes": {"x": EMPTY}})["applied"] == {}
    program.answer({"probes": {"x": EMPTY}, "notes": {"x": {"run": "one"}}})
    program.answer({"probes": {"y": EMPTY}, "notes": {"y": {"run": "two"}}})
    document = json.loads(applied.read_text())
    assert document["format"] == "infra-kit-applied/1"
    assert {name: entry["run"] for name, entry in document["roles"].items()} == {"x": "one", "y": "two"}
    assert document["roles"]["x"]["fingerprint"] == fingerprint()
    assert program.answer({"probes": {"x": EMPTY}})["applied"] == document["roles"]


def test_a_note_that_cannot_be_written_says_why(applied):
    applied.parent.write_text("a file where the folder should be")
    assert "applied.json" in program.answer({"probes": {"x": EMPTY}, "notes": {"x": {}}})["error"] or "lib" in str(applied)


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"roles": []}'])
def test_a_damaged_note_is_none(applied, text):
    applied.parent.mkdir()
    applied.write_text(text)
    assert program.noted() == {}

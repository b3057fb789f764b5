from __future__ import annotations

import fcntl
import os
import subprocess
import sys

import pytest

from infra_kit.inventory import site_change
from infra_kit.inventory.block_list import BlockList
from infra_kit.inventory.errors import InventoryError, LockedError, StateError
from infra_kit.inventory.site_change import alone, change

EDITOR = """
import sys
from pathlib import Path
from infra_kit.inventory.block_list import BlockList
from infra_kit.inventory.site_change import alone, change
folder, number = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for turn in range(5):
    with alone(folder):
        change(folder, "teams", lambda text, where: BlockList(text, "teams", where).added({"name": f"t{number}-{turn}"})).write()
"""


def _added(folder, entry):
    return change(folder, "workspaces", lambda text, where: BlockList(text, "workspaces", where).added(entry), new_file="platform.yaml")


def test_what_would_be_found_is_shown_with_the_lines_as_they_would_be(site_folder) -> None:
    before = (site_folder / "platform.yaml").read_text()
    made = _added(site_folder, {"name": "bad", "team": "nosuch", "quota": {"cpu": "1", "memory": "1Gi", "storage": "1Gi"}})
    findings, text = made.findings()
    assert "IK4303" in {finding.rule for finding in findings}
    assert f"{site_folder}/platform.yaml:" in text
    assert "team: nosuch" in text
    assert "+  - name: bad" in made.diff
    assert (site_folder / "platform.yaml").read_text() == before
    assert list(site_folder.glob("infra-kit-edit*")) == []


def test_a_valid_change_is_written_and_taken_back(site_folder) -> None:
    before = (site_folder / "platform.yaml").read_text()
    made = change(site_folder, "workspaces", lambda text, where: BlockList(text, "workspaces", where).without("churn"))
    assert [each for each in made.findings()[0] if each.severity == "error"] == []
    made.write()
    assert "churn" not in (site_folder / "platform.yaml").read_text()
    made.take_back()
    assert (site_folder / "platform.yaml").read_text() == before


def test_what_somebody_else_wrote_meanwhile_is_not_lost(site_folder) -> None:
    made = _added(site_folder, {"name": "new"})
    path = site_folder / "platform.yaml"
    made.write()
    path.write_text(path.read_text().replace("- name: new", "- name: renewed") + "# theirs\n")
    with pytest.raises(StateError, match="changed by someone else"):
        made.take_back()
    with pytest.raises(StateError, match="changed by someone else"):
        made.write()
    assert path.read_text().endswith("# theirs\n")


def test_only_its_own_lines_are_taken_back_where_others_have_written_since(site_folder) -> None:
    path = site_folder / "platform.yaml"
    before = path.read_text()
    mine = _added(site_folder, {"name": "mine", "team": "risk"})
    mine.write()
    theirs = _added(site_folder, {"name": "theirs", "team": "risk"})
    theirs.write()
    mine.take_back()
    assert path.read_text() == theirs.after.replace("  - name: mine\n    team: risk\n\n", "")
    theirs.take_back()
    assert path.read_text() == before


def test_a_section_that_no_file_has_begins_in_the_named_one(tmp_path) -> None:
    (tmp_path / "site.yaml").write_text("site: {name: x}")
    made = _added(tmp_path, {"name": "new"})
    assert (made.path.name, made.after) == ("platform.yaml", "workspaces:\n  - name: new\n")
    (tmp_path / "platform.yaml").write_text("cluster: {}")
    assert _added(tmp_path, {"name": "new"}).after == "cluster: {}\n\nworkspaces:\n  - name: new\n"
    with pytest.raises(InventoryError, match="no file has a section"):
        change(tmp_path, "teams", lambda text, _where: text)


def test_two_editors_lose_nothing(site_folder) -> None:
    command = [sys.executable, "-c", EDITOR, str(site_folder)]
    editors = [subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for number in range(2)]
    for editor in editors:
        assert editor.stdout.readline() == "ready\n"
    for editor in editors:
        editor.communicate("\n", timeout=60)
    assert [editor.returncode for editor in editors] == [0, 0]
    text = (site_folder / "platform.yaml").read_text()
    assert all(f"- name: t{number}-{turn}\n" in text for number in range(2) for turn in range(5))


def test_an_editor_that_stays_is_named_after_a_while(site_folder, monkeypatch) -> None:
    monkeypatch.setattr(site_change, "_PATIENCE_S", 0.0)
    descriptor = os.open(site_folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(LockedError, match="is being edited"), alone(site_folder):
            pass
    finally:
        os.close(descriptor)
    with alone(site_folder):
        pass

from __future__ import annotations

from types import SimpleNamespace

import pytest

from infra_kit.inventory.errors import StateError
from infra_kit.plan.rendering import MANIFEST, compare, rendered, write


def layer(name, files):
    return SimpleNamespace(name=name, render=lambda _site: files)


def test_the_files_of_all_layers():
    assert rendered(None, [layer("a", {"a/x": "1"}), layer("b", {"b/x": "2"})]) == {"a/x": "1", "b/x": "2"}


@pytest.mark.parametrize("name", ["a/x", "/etc/passwd", "../x", "a/../../x"])
def test_a_path_that_is_taken_or_outside_is_a_defect(name):
    with pytest.raises(ValueError, match="taken or outside"):
        rendered(None, [layer("a", {"a/x": "1"}), layer("b", {name: "2"})])


def test_its_own_files_go_and_others_stay(tmp_path):
    write(tmp_path, {"a/x": "1", "a/y": "2"})
    (tmp_path / "mine").write_text("keep")
    write(tmp_path, {"a/x": "3"})
    assert (tmp_path / "a/x").read_text() == "3"
    assert not (tmp_path / "a/y").exists()
    assert (tmp_path / "mine").read_text() == "keep"


def test_a_manifest_that_someone_changed_removes_nothing_outside(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("keep")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / MANIFEST).write_text(f"../outside\n{outside}\n")
    write(folder, {"x": "1"})
    assert outside.read_text() == "keep"


def test_comparison(tmp_path):
    write(tmp_path, {"same": "1\n", "changed": "1\n2\n", "gone": "1\n", "empty": ""})
    differences = compare(tmp_path, {"same": "1\n", "changed": "1\n3\n", "new": "1\n", "empty": "\n"})
    assert [difference.splitlines()[0] for difference in differences] == [
        f"--- {tmp_path}/changed",
        f"--- {tmp_path}/empty",
        f"--- {tmp_path}/gone",
        "--- /dev/null",
    ]
    assert "-2\n+3" in differences[0]
    assert compare(tmp_path, {"same": "1", "changed": "1\n2\n", "gone": "1\n", "empty": ""})[0].endswith("one of the two is empty)")


def test_a_folder_that_cannot_be_used_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be written"):
        write(tmp_path / "file", {"x": "1"})
    with pytest.raises(StateError, match="no such folder"):
        compare(tmp_path / "none", {})

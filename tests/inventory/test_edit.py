from __future__ import annotations

import stat

import pytest

from infra_kit.inventory.edit import SiteEditor, replace
from infra_kit.inventory.errors import InventoryError, StateError

TEXT = """\
# head
servers:   # all of them
    - name: w1   # the first
      tags: [a, 'b']
      mac: "02:00"

    # the second
    - {name: w2, on: yes}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "servers.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "site.yaml").write_text("site: {name: x}\n", encoding="utf-8")
    return tmp_path


def test_what_is_not_touched_stays_as_it_is(reference_site):
    before = {path: path.read_bytes() for path in reference_site.glob("*.yaml")}
    editor = SiteEditor(reference_site)
    for section in ("site", "networks", "racks", "servers", "fabric", "cluster"):
        editor.section(section)
    assert editor.save() == []
    editor.section("site")["contact"] = "night shift"
    assert [path.name for path in editor.save()] == ["site.yaml"]
    for path, content in before.items():
        if path.name != "site.yaml":
            assert path.read_bytes() == content
    after = (reference_site / "site.yaml").read_bytes()
    assert after == before[reference_site / "site.yaml"].replace(b"infrastructure@example.internal", b"night shift")


def test_comments_order_quotes_and_style_stay(folder):
    editor = SiteEditor(folder)
    editor.item("servers", "w2")["unit"] = 7
    assert [path.name for path in editor.save()] == ["servers.yaml"]
    assert (folder / "servers.yaml").read_text(encoding="utf-8") == TEXT.replace("on: yes}", "on: yes, unit: 7}")


def test_an_item_can_be_added_and_removed(folder):
    editor = SiteEditor(folder)
    servers = editor.section("servers")
    servers.append({"name": "w3"})
    del servers[0]
    editor.save()
    text = (folder / "servers.yaml").read_text(encoding="utf-8")
    assert "w1" not in text
    assert "- name: w3" in text
    assert "{name: w2, on: yes}" in text


def test_a_new_section_goes_to_the_named_file(folder):
    editor = SiteEditor(folder)
    editor.section("workspaces", new_file="platform.yaml").append({"name": "fraud"})
    assert [path.name for path in editor.save()] == ["platform.yaml"]
    assert (folder / "platform.yaml").read_text(encoding="utf-8") == "workspaces:\n  - name: fraud\n"


def test_what_is_not_there_is_said(folder):
    editor = SiteEditor(folder)
    with pytest.raises(InventoryError, match="no file has a section `racks`"):
        editor.section("racks")
    with pytest.raises(InventoryError, match="no item named w9"):
        editor.item("servers", "w9")


def test_a_file_that_is_not_well_formed_is_not_touched(folder):
    (folder / "bad.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(InventoryError):
        SiteEditor(folder).section("servers")


def test_a_change_by_someone_else_is_not_overwritten(folder):
    editor = SiteEditor(folder)
    editor.section("site")["name"] = "y"
    (folder / "site.yaml").write_text("site: {name: z}\n", encoding="utf-8")
    with pytest.raises(StateError, match="changed by someone else"):
        editor.save()
    assert (folder / "site.yaml").read_text(encoding="utf-8") == "site: {name: z}\n"


def test_a_value_that_would_not_read_back_is_refused(folder):
    editor = SiteEditor(folder)
    editor.section("site")["when"] = b"bytes"
    with pytest.raises(StateError, match="would not read back"):
        editor.save()
    assert (folder / "site.yaml").read_text(encoding="utf-8") == "site: {name: x}\n"


def test_the_mode_stays_and_no_temporary_file_is_left(folder):
    path = folder / "site.yaml"
    path.chmod(0o600)
    replace(path, "site: {}\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(each.name for each in folder.iterdir()) == ["servers.yaml", "site.yaml"]


def test_a_linked_file_stays_linked(folder, tmp_path):
    shared = tmp_path / "shared.yaml"
    (folder / "servers.yaml").rename(shared)
    (folder / "servers.yaml").symlink_to(shared)
    editor = SiteEditor(folder)
    editor.section("servers")[0]["unit"] = 7
    assert editor.save() == [folder / "servers.yaml"]
    assert (folder / "servers.yaml").is_symlink()
    assert "unit: 7" in shared.read_text(encoding="utf-8")


def test_a_failed_write_leaves_the_old_file(folder, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StateError, match="No space left on device"):
        replace(folder / "site.yaml", "site: {}\n")
    assert (folder / "site.yaml").read_text(encoding="utf-8") == "site: {name: x}\n"
    assert sorted(each.name for each in folder.iterdir()) == ["servers.yaml", "site.yaml"]

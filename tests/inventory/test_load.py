from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_kit.inventory.document import read_document
from infra_kit.inventory.errors import ExitCode, InventoryError, UsageError
from infra_kit.inventory.load import load, load_changed, load_site

HERE = Path(__file__).parent
REFERENCE = Path(__file__).parents[2] / "inventory"
GOOD = {number: read_document(HERE / "broken" / "good" / f"configuration-{number}.yaml", "good").value for number in (1, 2)}


def write(folder: Path, site: dict[str, Any]) -> Path:
    (folder / "site.yaml").write_text(json.dumps(site))
    return folder


@pytest.mark.parametrize("number", [1, 2])
def test_reference_sites_have_no_finding_at_all(number: int) -> None:
    loaded = load(REFERENCE / f"configuration-{number}")
    assert loaded.findings == []
    assert loaded.site is not None
    assert loaded.site.site.configuration == number


def test_a_site_is_named_by_its_folder_or_its_site_file() -> None:
    folder = REFERENCE / "configuration-1"
    assert load_site(folder).digest == load_site(folder / "site.yaml").digest


def test_the_digest_stands_for_content_not_for_form(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    write(one, GOOD[1])
    (other / "b.yaml").write_text("# a comment\n" + json.dumps({"servers": GOOD[1]["servers"]}, indent=3))
    (other / "a.yaml").write_text(json.dumps(dict(reversed([item for item in GOOD[1].items() if item[0] != "servers"]))))
    first, second = load_site(one), load_site(other)
    assert first.digest == second.digest
    assert first.digest.startswith("sha256:")
    changed = copy.deepcopy(GOOD[1])
    changed["site"]["description"] = "another"
    write(one, changed)
    assert load_site(one).digest != first.digest


def test_a_catalogue_of_the_site_moves_the_digest(tmp_path: Path) -> None:
    before = load_site(write(tmp_path, GOOD[1])).digest
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "empty.yaml").write_text("gpus: []\n")
    assert load_site(tmp_path).digest != before


def test_what_is_no_site_is_a_usage_error(tmp_path: Path) -> None:
    for target in (tmp_path / "nowhere", tmp_path, tmp_path / "site.yaml"):
        with pytest.raises(UsageError, match="infra-kit init"):
            load(target)


def test_load_site_names_the_first_error_and_its_place(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("site:\n  name: x\n  name: y\n")
    with pytest.raises(InventoryError, match="IK0007") as caught:
        load_site(tmp_path)
    assert caught.value.where.endswith("site.yaml:3:3")
    assert caught.value.exit_code is ExitCode.INVENTORY


def test_all_files_are_read_before_the_loader_stops(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: [\n")
    (tmp_path / "b.yaml").write_text("b: *b\n")
    (tmp_path / "workload.yaml").write_text("not: [ours\n")
    found = load(tmp_path).findings
    assert [(Path(finding.file).name, finding.rule) for finding in found] == [("a.yaml", "IK0003"), ("b.yaml", "IK0003")]


def test_a_change_is_checked_without_being_written(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, GOOD[1]))
    text = (tmp_path / "site.yaml").read_text()
    route = {"prefix": "198.51.100.0/24", "next_hop": "203.0.113.7"}
    changed = load_changed(loaded, "switches", "leaf01b", {"static_routes": [route]})
    assert [(finding.rule, finding.path) for finding in changed.errors] == [
        ("IK1607", "switches[name=leaf01b].static_routes[prefix=198.51.100.0/24].next_hop")
    ]
    assert {finding.rule for finding in load_changed(loaded, "switches", "leaf01b", {"static_routes": 5}).errors} == {"IK0101"}
    assert loaded.findings == []
    assert (tmp_path / "site.yaml").read_text() == text


def test_every_missing_section_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("trust: {}\n")
    found = load(tmp_path).findings
    assert {finding.path for finding in found} >= {"site", "services", "servers", "networks", "racks", "fabric", "switches"}
    assert {finding.rule for finding in found} == {"IK0103"}


def test_an_unknown_key_is_shown_at_the_key(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("site:\n  colour: red\n")
    (finding,) = [each for each in load(tmp_path).findings if each.rule == "IK0102"]
    assert (finding.line, finding.column) == (2, 3)


def test_an_unknown_key_of_the_catalogue_is_shown_at_the_key(tmp_path: Path) -> None:
    write(tmp_path, GOOD[1])
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "own.yaml").write_text("gpus: []\n  \ncolours: red\n")
    (finding,) = load(tmp_path).findings
    assert (finding.rule, Path(finding.file).name, finding.line, finding.column) == ("IK0102", "own.yaml", 3, 1)


def test_a_folder_without_its_site_file(tmp_path: Path) -> None:
    site = copy.deepcopy(GOOD[1])
    lost = {key: site.pop(key) for key in ("site", "services", "credentials")}
    (tmp_path / "fabric.yaml").write_text(json.dumps(site))
    found = load(tmp_path).findings
    assert {(finding.file, finding.line, finding.column) for finding in found} == {(str(tmp_path / "site.yaml"), 1, 1)}
    first = next(finding for finding in found if finding.path == "site")
    assert first.message == "`site` is missing: the folder has no site.yaml"
    assert first.hint == "add site.yaml with `site:`"
    (tmp_path / "head.yaml").write_text(json.dumps({key: lost[key] for key in ("site", "credentials")}))
    found = load(tmp_path).findings
    assert {Path(finding.file).name for finding in found} == {"head.yaml"}, "beside the section `site`, whatever its file is called"


def test_findings_name_file_line_and_column_of_the_value(tmp_path: Path) -> None:
    site = copy.deepcopy(GOOD[1])
    servers = site.pop("servers")
    write(tmp_path, site)
    text = json.dumps({"servers": servers}, indent=1)
    (tmp_path / "servers.yaml").write_text(text.replace('"unit": 4,', '"unit": 3,'))
    finding = next(each for each in load(tmp_path).findings if each.rule == "IK2001")
    lines = text.split("\n")
    assert Path(finding.file).name == "servers.yaml"
    assert lines[finding.line - 1].strip() == '"unit": 4,'
    assert lines[finding.line - 1][finding.column - 1 :] == "4,"


def test_a_literal_secret_does_not_hide_other_findings_and_is_not_repeated(tmp_path: Path) -> None:
    site = copy.deepcopy(GOOD[1])
    site["site"]["description"] = "-----BEGIN RSA PRIVATE KEY----- MIIEverysecret"
    site["credentials"][0]["password"] = "hunter2-the-password"
    site["services"]["ntp_servers"] = []
    found = load(write(tmp_path, site)).findings
    assert {"IK0201", "IK5001", "IK5101"} <= {finding.rule for finding in found}
    shown = json.dumps([finding.as_dict() for finding in found])
    assert "hunter2" not in shown
    assert "MIIE" not in shown


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += leaves(item, (*path, key))
    return found


PATHS = {number: leaves(site) for number, site in GOOD.items()}


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@st.composite
def mutilated(draw: st.DrawFn) -> dict[str, Any]:
    """A good site with a few of its parts removed, repeated, or replaced by others of its parts."""
    number = draw(st.sampled_from([1, 2]))
    site = copy.deepcopy(GOOD[number])
    for _ in range(draw(st.integers(1, 6))):
        *parents, key = draw(st.sampled_from(PATHS[number]))
        try:
            holder = at(site, tuple(parents))
            kind = draw(st.sampled_from(["remove", "number", "text", "move", "like"]))
            if kind == "remove":
                del holder[key]
            elif kind == "number":
                holder[key] = draw(st.sampled_from([0, 1, -1, 4094, 1000, 65536, 10**17, 1.5, True, None]))
            elif kind == "text":
                holder[key] = draw(st.sampled_from(["", "x", "10.0.0.1", "0.0.0.0/0", "1/1/1:4", "255.255.255.255", "env:", "0", "a" * 70]))
            elif kind == "move":
                holder[key] = copy.deepcopy(at(site, draw(st.sampled_from(PATHS[number]))))
            else:
                # The same key of another item: of the right form, and wrong only beside its neighbours.
                same = [path for path in PATHS[number] if path[-1] == key]
                holder[key] = copy.deepcopy(at(GOOD[number], draw(st.sampled_from(same))))
        except (KeyError, IndexError, TypeError):
            continue
    return site


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutilated())
def test_whatever_a_site_holds_there_are_findings_never_an_exception(tmp_path: Path, site: dict[str, Any]) -> None:
    loaded = load(write(tmp_path, site))
    assert loaded.site is not None or loaded.errors
    for finding in loaded.findings:
        assert finding.message
        assert finding.line >= 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(sorted(GOOD[1])), JSON, min_size=1))
def test_random_structures_are_findings(tmp_path: Path, site: dict[str, Any]) -> None:
    (tmp_path / "site.yaml").write_text(json.dumps(site))
    assert load(tmp_path).errors

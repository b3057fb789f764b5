"""Sites on disk: valid, and the reference sites are what the scaffold makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra_kit.inventory.errors import StateError, UsageError
from infra_kit.inventory.load import load
from infra_kit.inventory.scaffold.counts import Counts
from infra_kit.inventory.scaffold.design import design
from infra_kit.inventory.scaffold.text import files, flow
from infra_kit.inventory.scaffold.write import write_site

REFERENCE = {"configuration-1": Counts(1, 6, 2), "configuration-2": Counts(2, 8, 2)}


@pytest.mark.parametrize("name", REFERENCE)
def test_the_reference_site_is_what_init_makes(name, repository):
    made = files(design(name, REFERENCE[name], "lab"))
    folder = repository / "inventory" / name
    assert {path.name for path in folder.iterdir() if path.name != ".infra-kit"} == set(made)
    for file, text in made.items():
        assert (folder / file).read_text(encoding="utf-8") == text, f"{file}: run infra-kit init with the counts in this test"


@pytest.mark.parametrize("access", ["lab", "live"])
@pytest.mark.parametrize(
    "counts",
    [
        Counts(1, 6, 2),
        Counts(2, 8, 2),
        Counts(1, 3, 0),
        Counts(2, 3, 0),
        Counts(1, 100, 12),
        Counts(2, 120, 0),
        Counts(1, 1000, 0),
        Counts(2, 600, 400),
    ],
)
def test_a_new_site_is_valid_without_a_warning(counts, access, tmp_path):
    write_site(tmp_path / "site", design("site", counts, access))
    loaded = load(tmp_path / "site")
    assert loaded.findings == []
    assert loaded.site is not None
    assert len(loaded.site.servers) == counts.servers


def test_what_is_written_is_what_was_designed(tmp_path):
    wanted = design("site", Counts(1, 30, 4), "live")
    write_site(tmp_path, wanted)
    site = load(tmp_path).site
    assert site is not None
    assert site.servers == wanted.servers
    assert site.switches == wanted.switches
    assert site.networks == wanted.networks
    assert site.racks == wanted.racks
    assert site.storage == wanted.storage
    assert site.server_profiles == wanted.profiles


def test_live_sites_name_environment_variables_and_lab_sites_files():
    counts = Counts(1, 6, 2)
    live, lab = files(design("site", counts, "live")), files(design("site", counts, "lab"))
    assert "env:IK_BMC" in live["site.yaml"]
    assert "env:IK_SNMP_COMMUNITY" in live["fabric.yaml"]
    assert ".infra-kit/lab" not in "".join(live.values())
    assert "file:.infra-kit/lab/secrets/bmc" in lab["site.yaml"]
    assert "env:IK_" not in "".join(lab.values()).replace("env:NAME", "")


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(UsageError, match="not an empty folder"):
        write_site(tmp_path, design("site", Counts(1, 6, 2), "lab"))
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_fresh_repository_is_as_good_as_an_empty_folder(tmp_path):
    (tmp_path / ".git").mkdir()
    write_site(tmp_path, design("site", Counts(1, 6, 2), "lab"))
    assert ".infra-kit/" in (tmp_path / ".gitignore").read_text(encoding="utf-8")


def test_a_file_in_the_way_is_left_alone(tmp_path):
    (tmp_path / "site").write_text("keep")
    with pytest.raises(UsageError, match="not an empty folder"):
        write_site(tmp_path / "site", design("site", Counts(1, 6, 2), "lab"))


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be written"):
        write_site(tmp_path / "file" / "site", design("site", Counts(1, 6, 2), "lab"))


def test_flow_quotes_what_yaml_would_misread():
    assert flow("9.5") == "'9.5'"
    assert flow(["a", "1/1/1:2"]) == "[a, '1/1/1:2']"


def test_every_section_has_a_comment_that_helps(tmp_path):
    for path in write_site(tmp_path, design("site", Counts(1, 6, 2), "live")):
        assert Path(path).read_text(encoding="utf-8").startswith("# ")

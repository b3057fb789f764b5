from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from infra_kit.inventory.document import read_document
from infra_kit.inventory.findings.github import as_github
from infra_kit.inventory.findings.json_text import as_json
from infra_kit.inventory.findings.text import as_text
from infra_kit.inventory.load import load

GOOD = read_document(Path(__file__).parents[1] / "broken" / "good" / "configuration-1.yaml", "good").value


@pytest.mark.parametrize("place", ["a reference", "a comment", "a key of its own"])
def test_no_form_repeats_the_secret_that_a_finding_is_about(tmp_path: Path, place: str) -> None:
    site = copy.deepcopy(GOOD)
    if place == "a reference":
        site["credentials"][0] = {"name": "bmc", "user": "root", "password": "hunter2-calvin", "colour": "red"}
    if place == "a key of its own":
        site["site"]["admin_password"] = "hunter2-calvin"
    (tmp_path / "site.yaml").write_text(json.dumps(site, indent=1))
    if place == "a comment":
        (tmp_path / "note.yaml").write_text("# https://root:hunter2-calvin@10.0.0.1/\n[]\n")
    loaded = load(tmp_path)
    assert any(finding.rule in ("IK0202", "IK0205", "IK5001") for finding in loaded.findings)
    for shown in (as_text(loaded.findings), as_json(loaded.findings), as_github(loaded.findings)):
        assert "hunter2" not in shown

"""Editing alone, and what becomes of the edit when nothing is sent."""

from __future__ import annotations

import json

import pytest

from infra_kit.cli.app import run
from infra_kit.inventory.load import load_site

SMALL = ["--cpu", "8", "--memory", "64Gi", "--storage", "100Gi"]


def test_add_writes_the_entry_and_nothing_else(site_folder, capsys) -> None:
    before = (site_folder / "platform.yaml").read_text()
    added = ["workspace", "add", str(site_folder), "notes", "--team", "marketing", "--user", "zoe", "--admin", "eve", *SMALL]
    assert run([*added, "--no-apply"]) == 0
    said = capsys.readouterr().out
    assert "+  - name: notes\n+    team: marketing\n+    quota: {cpu: '8', memory: 64Gi, gpus: 0, storage: 100Gi}\n" in said
    assert f"`infra-kit apply {site_folder} --workspace notes` does the rest" in said
    found = load_site(site_folder).workspace_by_name["notes"]
    assert (found.users, found.admins) == (["zoe", "eve"], ["eve"])
    assert run(["workspace", "remove", str(site_folder), "notes", "--no-apply", "--yes"]) == 0
    assert (site_folder / "platform.yaml").read_text() == before


def test_an_edit_that_would_break_the_inventory_is_shown_and_not_written(site_folder, capsys) -> None:
    before = (site_folder / "platform.yaml").read_text()
    assert run(["workspace", "add", str(site_folder), "huge", "--team", "risk", "--cpu", "9000", "--no-apply"]) == 65
    said = capsys.readouterr().out
    assert "error IK4304: team risk may use" in said
    assert f"{site_folder}/platform.yaml:" in said
    assert "nothing is written" in said
    assert (site_folder / "platform.yaml").read_text() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "SITE", "fraud", "--team", "risk", "--no-apply"], "has a workspace fraud already"),
        (["add", "SITE", "new", "--no-apply"], "--team, one of: analytics, risk, marketing"),
        (["remove", "SITE", "nosuch", "--no-apply", "--yes"], "it has fraud, churn"),
        (["suspend", "SITE", "nosuch", "--no-apply"], "the site has no workspace nosuch"),
        (["add", "SITE", "new", "--team", "risk"], "there is no terminal to ask at"),
        (["remove", "SITE", "fraud"], "there is no terminal to ask at"),
    ],
)
def test_wrong_usage(site_folder, arguments, words, capsys) -> None:
    before = (site_folder / "platform.yaml").read_text()
    assert run(["workspace", *(str(site_folder) if each == "SITE" else each for each in arguments)]) == 64
    assert words in capsys.readouterr().err
    assert (site_folder / "platform.yaml").read_text() == before


def test_suspend_and_resume(site_folder, capsys) -> None:
    before = (site_folder / "platform.yaml").read_text()
    assert run(["workspace", "suspend", str(site_folder), "churn", "--no-apply"]) == 0
    assert load_site(site_folder).workspace_by_name["churn"].suspended
    capsys.readouterr()
    assert run(["workspace", "suspend", str(site_folder), "churn", "--no-apply"]) == 0
    assert "says so already" in capsys.readouterr().out
    assert run(["workspace", "resume", str(site_folder), "churn", "--no-apply"]) == 0
    assert (site_folder / "platform.yaml").read_text() == before


def test_without_a_lab_nothing_is_written(site_folder, capsys) -> None:
    before = (site_folder / "platform.yaml").read_text()
    assert run(["workspace", "suspend", str(site_folder), "churn", "--yes"]) == 1
    assert "no lab is running" in capsys.readouterr().err
    assert (site_folder / "platform.yaml").read_text() == before


def test_the_list_works_without_a_cluster_and_says_so(site_folder, capsys) -> None:
    assert run(["workspace", "list", str(site_folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "TEAM", "USERS", "CPU", "MEMORY", "GPUS", "STORAGE", "STATE", "CLUSTER"]
    assert lines[2].split() == ["churn", "marketing", "1", "16", "128Gi", "0", "500Gi", "active", "not", "asked"]
    assert "The cluster was not asked: site configuration-1 is `access: lab` and no lab is running" in lines[-1]
    assert run(["workspace", "list", str(site_folder), "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["cluster"]["asked"] is False
    assert record["workspaces"][1]["on_cluster"] is None
    assert record["workspaces"][1]["quota"] == {"cpu": "16", "memory": "128Gi", "gpus": 0, "storage": "500Gi"}


def test_a_site_without_a_credential_for_its_cluster_is_only_edited(site_folder, capsys) -> None:
    path = site_folder / "platform.yaml"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("  credential: kubernetes")))
    assert load_site(site_folder).kubernetes.credential is None
    overlay = site_folder.parent / "overlay.yaml"
    overlay.write_text("devices: {}\n")
    assert run(["workspace", "suspend", str(site_folder), "churn", "--yes", "--endpoints", str(overlay)]) == 0
    assert "infra-kit does not talk to its cluster" in capsys.readouterr().out

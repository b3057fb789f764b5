from __future__ import annotations

import json

from infra_kit.cli.app import run


def spoil(folder):
    path = folder / "networks.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("vlan: 101", "vlan: 4094", 1), encoding="utf-8")


def test_good_sites(reference_site, repository, capsys):
    assert run(["validate", str(reference_site), str(repository / "inventory/configuration-2/site.yaml")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(": valid, 0 errors" in line for line in lines)


def test_every_finding_has_its_place(reference_site, capsys):
    spoil(reference_site)
    assert run(["validate", str(reference_site)]) == 65
    printed = capsys.readouterr().out
    number, line = next(
        (number, line)
        for number, line in enumerate((reference_site / "networks.yaml").read_text(encoding="utf-8").splitlines(), start=1)
        if "vlan: 4094" in line
    )
    assert f"networks.yaml:{number}:11: error IK" in printed
    assert f"{number:5} | {line}\n      | {' ' * 10}^" in printed
    assert "not valid" in printed


def test_json(reference_site, capsys):
    assert run(["validate", str(reference_site), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    spoil(reference_site)
    assert run(["validate", str(reference_site), "--format", "json"]) == 65
    findings = json.loads(capsys.readouterr().out)
    assert findings[0]["severity"] == "error"
    assert findings[0]["path"] == "networks[name=cluster-data-01].vlan"


def test_github(reference_site, capsys):
    assert run(["validate", str(reference_site), "--format", "github"]) == 0
    assert capsys.readouterr().out == ""
    spoil(reference_site)
    assert run(["validate", str(reference_site), "--format", "github"]) == 65
    assert capsys.readouterr().out.startswith("::error file=")


def test_sarif_lists_every_rule(reference_site, capsys):
    spoil(reference_site)
    assert run(["validate", str(reference_site), "--format", "sarif"]) == 65
    log = json.loads(capsys.readouterr().out)["runs"][0]
    assert run(["rules", "--format", "json"]) == 0
    rules = json.loads(capsys.readouterr().out)
    assert [rule["id"] for rule in log["tool"]["driver"]["rules"]] == [rule["id"] for rule in rules]
    assert log["results"][0]["level"] == "error"


def test_a_broken_file_is_a_finding(reference_site, capsys):
    (reference_site / "servers.yaml").write_text("servers:\n\t- x\n", encoding="utf-8")
    assert run(["validate", str(reference_site)]) == 65
    assert "servers.yaml:2:1: error IK0003" in capsys.readouterr().out


def test_no_such_site(tmp_path, capsys):
    assert run(["validate", str(tmp_path / "none")]) == 64
    assert "infra-kit init" in capsys.readouterr().err

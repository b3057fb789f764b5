from __future__ import annotations

import json

from infra_kit.cli.app import run


def test_a_site_without_runs(site_folder, capsys):
    assert run(["history", str(site_folder)]) == 0
    assert capsys.readouterr().out == "configuration-1: no run yet\n"
    assert run(["history", str(site_folder), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run(["history", str(site_folder), "2026"]) == 64
    assert not (site_folder / ".infra-kit").exists()


def test_runs_and_their_steps(lab_site, capsys):
    run(["apply", str(lab_site), "--yes", "--target", "bmc/*/edge01"])
    capsys.readouterr()
    assert run(["history", str(lab_site), "--format", "json"]) == 0
    (only,) = json.loads(capsys.readouterr().out)
    assert (only["command"], only["state"], only["exit_code"], only["access"]) == ("apply", "done", 0, "lab")
    assert run(["history", str(lab_site)]) == 0
    assert only["run"] in capsys.readouterr().out
    assert run(["history", str(lab_site), only["run"], "--format", "json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert [step["resource"] for step in steps] == ["bmc/bios/edge01", "bmc/boot/edge01"]
    assert {step["state"] for step in steps} == {"staged"}
    assert run(["history", str(lab_site), only["run"][:12]]) == 0
    assert "  staged   update  bmc/bios/edge01 " in capsys.readouterr().out
    assert run(["history", str(lab_site), "nothing-like-it"]) == 64

from __future__ import annotations

import json

from infra_kit.cli.app import run


def test_a_site_that_nothing_was_done_to(site_folder, capsys):
    assert run(["status", str(site_folder)]) == 0
    assert capsys.readouterr().out.splitlines() == ["configuration-1: access lab, lab not running", "lock: free", "last run: none"]
    assert run(["status", str(site_folder), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["lab"] == {"running": False, "endpoints": None}


def test_after_a_failure_it_says_what_is_left(lab, capsys):
    site = lab.site_folder
    lab.control.faults("edge01", server_errors=1000)
    assert run(["apply", str(site), "--yes", "--target", "bmc/*/edge01", "--target", "storage/directory/*"]) == 5
    capsys.readouterr()
    assert run(["status", str(site)]) == 0
    said = capsys.readouterr().out
    assert "lab running" in said
    assert " apply partial, started 20" in said
    assert "unfinished: 20" in said
    assert run(["status", str(site), "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["last_run"]["exit_code"] == 5
    assert record["created"]["storage"] > 0
    assert record["lock"] is None

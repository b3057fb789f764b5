from __future__ import annotations

import json
import re

from infra_kit.cli.app import run
from infra_kit.inventory.load import load_site
from infra_kit.plan.record.journal import Journal, RunStart
from infra_kit.plan.record.lock import Lock
from infra_kit.plan.record.place import open_database
from infra_kit.plan.selection import EVERYTHING, Selection
from infra_kit.plan.state import StateFolder


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
    assert re.search(
        rf"^unfinished: \S+ apply, [1-9] steps left; `infra-kit apply {re.escape(str(site))} --resume` finishes it$", said, re.MULTILINE
    )
    assert run(["status", str(site), "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["last_run"]["exit_code"] == 5
    assert record["created"]["storage"] > 0
    assert record["lock"] is None
    assert record["running"] is None
    lab.control.faults("edge01", server_errors=0)
    assert run(["apply", str(site), "--yes", "--target", "bmc/*/edge01"]) == 0
    capsys.readouterr()
    assert run(["status", str(site)]) == 0
    assert "unfinished" not in capsys.readouterr().out


def test_while_a_run_is_alive_it_says_running(site_folder, capsys):
    site = load_site(site_folder)
    state = StateFolder(site.folder)
    state.prepare()
    with open_database(site, state) as database:
        journal = Journal(database, site.site.name)
        lock = Lock(database, site.site.name)
        lock.acquire("20261111T111111Z-0000")
        journal.begin_run(RunStart("20261111T111111Z-0000", "apply", {"selection": EVERYTHING.as_dict()}, "lab", "sha256:0"))
        assert run(["status", str(site_folder)]) == 0
        assert "apply running (planning), started 20" in capsys.readouterr().out
        journal.begin_steps("20261111T111111Z-0000", [])
        assert run(["status", str(site_folder)]) == 0
        said = capsys.readouterr().out
        assert "last run: 20261111T111111Z-0000 apply running (0 steps to go), started 20" in said
        assert "unfinished" not in said
        assert run(["status", str(site_folder), "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["running"] == "20261111T111111Z-0000"
        lock.release()
        assert run(["status", str(site_folder)]) == 0
        said = capsys.readouterr().out
        assert "apply killed while running, started 20" in said
        assert "unfinished" not in said


def test_after_half_a_destroy_it_says_how_to_finish_it(lab, capsys):
    site = lab.site_folder
    chosen = ["--target", "storage/directory/*"]
    assert run(["apply", str(site), "--yes", *chosen]) == 0
    lab.control.faults("array01", server_errors=1000)
    assert run(["destroy", str(site), "--yes", *chosen]) in {1, 5}
    again = f"`infra-kit destroy {site} --target 'storage/directory/*'`"
    assert again in capsys.readouterr().out
    assert run(["status", str(site)]) == 0
    said = capsys.readouterr().out
    assert " destroy, " in said
    assert f"{again} finishes it" in said
    assert run(["apply", str(site), "--resume", "--yes"]) == 64
    assert again in capsys.readouterr().err


def test_each_workspace_has_its_own_lock_and_its_own_news(site_folder, capsys):
    site = load_site(site_folder)
    state = StateFolder(site.folder)
    state.prepare()
    with open_database(site, state) as database:
        journal = Journal(database, site.site.name)
        for name in ("fraud", "churn"):
            request = {"selection": Selection(workspaces=(name,)).as_dict()}
            journal.begin_run(RunStart(f"run-{name}", "apply", request, "lab", "sha256:0", scopes=(f"workspaces/{name}",)))
        journal.intend_creation("run-fraud", "workspaces/Secret/fraud/x", "workspaces/fraud")
        with Lock(database, site.site.name) as fraud, Lock(database, site.site.name) as churn:
            fraud.acquire("run-fraud", ["workspaces/fraud"])
            churn.acquire("run-churn", ["workspaces/churn"])
            assert run(["status", str(site_folder)]) == 0
            said = capsys.readouterr().out
            assert "lock on workspaces/fraud: " in said
            assert "lock on workspaces/churn: " in said
            assert "unfinished" not in said
            assert run(["status", str(site_folder), "--workspace", "fraud", "--format", "json"]) == 0
            record = json.loads(capsys.readouterr().out)
            assert [(lock["run"], lock["scopes"]) for lock in record["locks"]] == [("run-fraud", ["workspaces/fraud"])]
            assert (record["last_run"]["run"], record["running"], record["created"]) == ("run-fraud", "run-fraud", {"workspaces": 1})
            assert run(["status", str(site_folder), "--workspace", "churn", "--format", "json"]) == 0
            assert json.loads(capsys.readouterr().out)["created"] == {}


def test_a_workspace_that_nobody_knows_is_refused(site_folder, capsys):
    assert run(["status", str(site_folder), "--workspace", "frad"]) == 64
    assert "did you mean fraud? known: churn, fraud" in capsys.readouterr().err

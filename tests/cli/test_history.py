from __future__ import annotations

import json

from infra_kit.cli.app import run
from infra_kit.inventory.load import load_site
from infra_kit.plan.record.journal import Journal, RunStart
from infra_kit.plan.record.lock import Lock
from infra_kit.plan.record.place import open_database
from infra_kit.plan.selection import EVERYTHING
from infra_kit.plan.state import StateFolder


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


def test_a_long_message_is_cut_in_the_list_and_whole_in_the_run(site_folder, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    loaded = load_site(site_folder)
    why = f"workspaces/Deployment/fraud/hub: {'is not ready, ' * 20}at last"
    state = StateFolder(site_folder)
    state.prepare()
    with open_database(loaded, state) as database:
        journal = Journal(database, loaded.site.name)
        journal.begin_run(RunStart("run-1", "apply", {"selection": EVERYTHING.as_dict()}, "lab", "sha256:0"))
        journal.end_run("run-1", "failed", 1, why)
    assert run(["history", str(site_folder)]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert (len(line), line[-1]) == (100, "…")
    assert run(["history", str(site_folder), "run-1"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert max(map(len, said)) <= 100
    assert why in " ".join(line.strip() for line in said)


def test_a_run_says_what_it_was_about_and_whether_it_lives(site_folder, capsys):
    loaded = load_site(site_folder)
    state = StateFolder(site_folder)
    state.prepare()
    with open_database(loaded, state) as database, Lock(database, loaded.site.name) as lock:
        journal = Journal(database, loaded.site.name)
        for run_id, scopes in (("run-killed", ("",)), ("run-lives", ("workspaces/churn", "workspaces/fraud"))):
            journal.begin_run(RunStart(run_id, "apply", {"selection": EVERYTHING.as_dict()}, "lab", "sha256:0", scopes=scopes))
        lock.acquire("run-lives", ["workspaces/churn", "workspaces/fraud"])
        assert run(["history", str(site_folder)]) == 0
        said = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
        assert said["run-killed"].split()[2] == "killed"
        assert said["run-killed"].endswith("  lab")
        assert said["run-lives"].split()[2] == "planning"
        assert said["run-lives"].endswith("  lab  churn,fraud")

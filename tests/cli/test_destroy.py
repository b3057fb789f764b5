from __future__ import annotations

from infra_kit.cli.app import run

QUOTAS = ["--target", "storage/directory/*", "--target", "storage/groupnet/*", "--target", "storage/zone/*"]


def test_only_what_was_created_goes(lab_site, capsys):
    assert run(["destroy", str(lab_site), "--target", "storage/*", "--yes"]) == 64
    assert "no resource matches" in capsys.readouterr().err
    assert run(["apply", str(lab_site), "--yes", *QUOTAS]) == 0
    assert run(["destroy", str(lab_site), "--target", "storage/zone/cdp"]) == 64
    assert run(["destroy", str(lab_site), "--target", "storage/zone/cdp", "--yes"]) == 0
    said = capsys.readouterr()
    assert "- storage/zone/cdp" in said.out
    assert run(["plan", str(lab_site), "--target", "storage/zone/*"]) == 0
    assert "Plan: 1 to create" in capsys.readouterr().out


def test_something_has_to_be_named(site_folder, capsys):
    assert run(["destroy", str(site_folder), "--yes"]) == 64
    assert "--target or --workspace" in capsys.readouterr().err


def test_a_cluster_that_the_inventory_does_not_reach_is_refused_at_once(lab_site, capsys):
    file = lab_site / "platform.yaml"
    file.write_text(file.read_text().replace("  credential: kubernetes\n", ""))
    assert run(["destroy", str(lab_site), "--workspace", "fraud", "--yes"]) == 1
    said = capsys.readouterr().err
    assert f"{file}:27:1: the inventory has no `kubernetes.credential`" in said
    assert "name one of `credentials`" in said
    assert len(said.splitlines()) == 2

from __future__ import annotations

import pytest

from infra_kit.cli import init as module
from infra_kit.cli.app import run
from infra_kit.inventory.load import load_site


def test_a_site_from_counts(tmp_path, capsys):
    folder = tmp_path / "east"
    assert run(["init", str(folder), "--configuration", "2", "--workers", "20", "--gpu-workers", "3", "--access", "lab"]) == 0
    site = load_site(folder)
    assert (site.site.name, site.site.configuration, site.site.access) == ("east", 2, "lab")
    assert len(site.servers) == 28
    printed = capsys.readouterr().out
    assert "28 servers" in printed
    assert f"infra-kit lab up {folder}" in printed


@pytest.mark.parametrize(("configuration", "servers"), [("1", 13), ("2", 15)])
def test_the_defaults_are_the_reference_sites_and_live(tmp_path, configuration, servers, capsys):
    assert run(["init", str(tmp_path / "site"), "--configuration", configuration]) == 0
    site = load_site(tmp_path / "site")
    assert site.site.access == "live"
    assert len(site.servers) == servers
    assert "placeholders" in capsys.readouterr().out


def test_the_name_can_be_given(tmp_path):
    assert run(["init", str(tmp_path / "Site_1"), "--configuration", "1", "--name", "site-1"]) == 0
    assert load_site(tmp_path / "Site_1").site.name == "site-1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Site_1", "--configuration", "1"], "cannot be a site's name"),
        (["site"], "which reference configuration"),
        (["site", "--configuration", "3"], "no configuration 3"),
        (["site", "--configuration", "1", "--workers", "2"], "too few"),
        (["site", "--configuration", "1", "--workers", "1001"], "1001 workers and 0 GPU workers are too many"),
        (["site", "--configuration", "1", "--workers", "1000", "--gpu-workers", "2"], "1000 workers and 2 GPU workers are too many"),
        (["site", "--configuration", "1", "--access", "dream"], "dream"),
    ],
)
def test_what_makes_no_site_is_wrong_usage_and_writes_nothing(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["init", *arguments]) == 64
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_thousand_workers_make_a_site(tmp_path, capsys):
    assert run(["init", str(tmp_path / "site"), "--configuration", "1", "--workers", "1000"]) == 0
    assert "1005 servers" in capsys.readouterr().out


def test_the_help_says_the_range(capsys):
    assert run(["init", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "3 to 1,000" in shown
    assert "1,000 together" in shown


def test_nothing_is_overwritten(tmp_path, capsys):
    (tmp_path / "mine").write_text("keep")
    assert run(["init", str(tmp_path), "--configuration", "1", "--name", "site"]) == 64
    assert "not an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_on_a_terminal_it_asks(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "is_interactive", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *_args, **_named: 2)
    monkeypatch.setattr("typer.confirm", lambda *_args, **_named: False)
    assert run(["init", str(tmp_path / "site")]) == 0
    site = load_site(tmp_path / "site")
    assert (site.site.configuration, site.site.access) == (2, "lab")


def test_a_wrong_answer_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "is_interactive", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *_args, **_named: 7)
    assert run(["init", str(tmp_path / "site")]) == 64
    assert "no configuration 7" in capsys.readouterr().err

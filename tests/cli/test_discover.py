import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from infra_kit.cli.app import run

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benches"))
import bmc_bench


@pytest.fixture
def stand(tmp_path, monkeypatch):
    """The bench's site stands in for a folder: what is loaded, and how it is reached."""
    with bmc_bench.bench(tmp_path) as up:
        monkeypatch.setattr("infra_kit.inventory.load.load_site", lambda _target: up.site)
        yield up


def test_a_site_is_asked_through_its_endpoints(stand, capsys):
    assert run(["discover", str(stand.folder), "--endpoints", str(stand.overlay)]) == 0
    printed = capsys.readouterr()
    servers = YAML(typ="safe").load(printed.out)["servers"]
    assert [server["service_tag"] for server in servers] == ["TAG0001", "TAG0002", "TAG0003", "TAG0004"]
    assert "4 servers found, 0 unknown" in printed.err
    assert f"live, through endpoints {stand.overlay}" in printed.err


def test_the_result_can_go_to_a_file(stand, capsys, tmp_path):
    out = tmp_path / "found.yaml"
    assert run(["discover", str(stand.folder), "--endpoints", str(stand.overlay), "--out", str(out)]) == 0
    assert len(YAML(typ="safe").load(out.read_text())["servers"]) == 4
    assert capsys.readouterr().out == ""
    assert run(["discover", str(stand.folder), "--endpoints", str(stand.overlay), "--out", str(tmp_path)]) == 64


def test_nothing_that_answers_is_a_failure(capsys, monkeypatch):
    monkeypatch.setenv("BMC_PASSWORD", "x")
    assert run(["discover", "127.9.0.0/30", "--user", "root", "--password-ref", "env:BMC_PASSWORD"]) == 1
    printed = capsys.readouterr()
    assert YAML(typ="safe").load(printed.out)["servers"] == []
    assert "live devices, 2 addresses" in printed.err


@pytest.mark.parametrize(
    "arguments",
    [["127.9.0.0/30"], ["nowhere", "--user", "root", "--password-ref", "env:HOME"], [".", "--user", "root"]],
)
def test_wrong_usage(arguments, capsys):
    assert run(["discover", *arguments]) == 64
    assert "error: " in capsys.readouterr().err

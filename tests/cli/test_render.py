from __future__ import annotations

import pytest

from infra_kit.cli.app import run


@pytest.fixture
def out(reference_site, tmp_path, capsys):
    folder = tmp_path / "rendered"
    assert run(["render", str(reference_site), "--out", str(folder)]) == 0
    capsys.readouterr()
    return folder


def test_every_device_gets_its_files(reference_site, out):
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert "fabric/leaf01a.cfg" in names
    assert any(name.startswith("bmc/") for name in names)
    assert any(name.startswith("storage/") for name in names) == (reference_site.name == "configuration-1")


def test_what_was_rendered_agrees(reference_site, out, capsys):
    assert run(["render", str(reference_site), "--out", str(out), "--check"]) == 0
    assert f"as {reference_site} renders them" in capsys.readouterr().out


def test_a_difference_is_a_diff_and_two(reference_site, out, capsys):
    config = out / "fabric" / "leaf01a.cfg"
    config.write_text(config.read_text(encoding="utf-8").replace("hostname leaf01a", "hostname other"), encoding="utf-8")
    (out / "fabric" / "spine01.cfg").unlink()
    (out / "extra.txt").write_text("mine\n", encoding="utf-8")
    assert run(["render", str(reference_site), "--out", str(out), "--check"]) == 2
    shown = capsys.readouterr().out
    assert "-hostname other\n+hostname leaf01a" in shown
    assert "--- /dev/null" in shown
    assert "+++ /dev/null" in shown
    assert "3 of" in shown


def test_nothing_is_there_to_compare_with(reference_site, tmp_path, capsys):
    assert run(["render", str(reference_site), "--out", str(tmp_path / "none"), "--check"]) == 1
    assert "without --check first" in capsys.readouterr().err


def test_a_site_with_errors_is_not_rendered(reference_site, tmp_path, capsys):
    path = reference_site / "networks.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("vlan: 101", "vlan: 4094", 1), encoding="utf-8")
    assert run(["render", str(reference_site), "--out", str(tmp_path / "out")]) == 65
    assert not (tmp_path / "out").exists()
    assert "infra-kit validate" in capsys.readouterr().err

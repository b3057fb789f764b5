from __future__ import annotations

import json

from infra_kit.cli.app import run


def test_printed(capsys):
    assert run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "infra-kit site"


def test_to_a_file(tmp_path, capsys):
    out = tmp_path / "schema.json"
    assert run(["schema", "--out", str(out)]) == 0
    assert "servers" in json.loads(out.read_text(encoding="utf-8"))["properties"]
    assert f"$schema={out}" in capsys.readouterr().out


def test_a_file_that_cannot_be_written(tmp_path, capsys):
    assert run(["schema", "--out", str(tmp_path)]) == 1
    assert "cannot be written" in capsys.readouterr().err

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_kit.inventory.findings import Finding
from infra_kit.inventory.findings.github import as_github
from infra_kit.inventory.findings.json_text import as_json
from infra_kit.inventory.findings.sarif import as_sarif
from infra_kit.inventory.findings.source import SourceLines
from infra_kit.inventory.findings.text import as_text, counted

FINDING = Finding(
    "IK1203", "error", "site/servers.yaml", 2, 11, "servers[name=w1].port", "port 1/1/99 does not exist", "use 1/1/1 to 1/1/48"
)
WARNING = Finding("IK1501", "warning", "site/fabric.yaml", 1, 1, "", "oversubscribed", "")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "servers.yaml"
    path.write_text("servers:\n  - port:\t1/1/99\x1b[31m\n", encoding="utf-8")
    return Finding("IK1203", "error", str(path), 2, 11, "servers[name=w1].port", "port 1/1/99 does not exist", "use another")


def test_text_shows_the_line_and_points_at_the_column(source):
    lines = as_text([source]).split("\n")
    assert lines[0] == f"{source.file}:2:11: error IK1203: port 1/1/99 does not exist"
    assert lines[1] == "    2 |   - port: 1/1/99 [31m"
    assert lines[2].index("^") - lines[1].index("  - port") == source.column - 1
    assert lines[3:] == ["  at    servers[name=w1].port", "  mend  use another"]


def test_text_does_without_a_line_that_is_not_there():
    assert as_text([FINDING]).count("\n") == 2
    assert as_text([WARNING]) == "site/fabric.yaml:1:1: warning IK1501: oversubscribed"


def test_text_paints_what_it_is_told_to(source):
    painted = as_text([source], lambda text, colour: f"<{colour}>{text}</>")
    assert "<red>error</>" in painted
    assert "<red>^</>" in painted


def test_findings_are_counted():
    assert counted([]) == "0 errors, 0 warnings"
    assert counted([FINDING, WARNING, FINDING]) == "2 errors, 1 warning"


def test_source_lines_of_what_cannot_be_read(tmp_path):
    lines = SourceLines()
    assert lines.line(tmp_path, 1) is None
    assert lines.line(tmp_path / "none", 1) is None
    (tmp_path / "latin").write_bytes(b"caf\xe9\n")
    assert lines.line(tmp_path / "latin", 1) == "caf\ufffd"
    assert lines.line(tmp_path / "latin", 9) is None


def test_json_has_the_keys_of_the_contract():
    assert json.loads(as_json([FINDING])) == [
        {
            "rule": "IK1203",
            "severity": "error",
            "file": "site/servers.yaml",
            "line": 2,
            "column": 11,
            "path": "servers[name=w1].port",
            "message": "port 1/1/99 does not exist",
            "hint": "use 1/1/1 to 1/1/48",
        }
    ]
    assert json.loads(as_json([])) == []


def test_github_command():
    assert as_github([FINDING, WARNING]).split("\n") == [
        "::error file=site/servers.yaml,line=2,col=11,title=IK1203 servers[name=w1].port::port 1/1/99 does not exist%0Ause 1/1/1 to 1/1/48",
        "::warning file=site/fabric.yaml,line=1,col=1,title=IK1501::oversubscribed",
    ]


@given(st.text(), st.text(), st.text())
def test_github_escapes_keep_one_command_on_one_line(file, path, message):
    text = as_github([Finding("IK1", "error", file, 1, 1, path, message, "")])
    assert "\n" not in text
    assert "\r" not in text
    properties = text.removeprefix("::error ").partition("::")[0]
    assert [part.partition("=")[0] for part in properties.split(",")] == ["file", "line", "col", "title"]
    restored = text.partition("::")[2].partition("::")[2]
    for escape, letter in (("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        restored = restored.replace(escape, letter)
    assert restored == message


def test_sarif_says_where_what_and_which_rule():
    log = json.loads(as_sarif([FINDING, WARNING], {"IK1203": "A port exists.", "IK9999": "Never broken."}, "1.2.3"))
    assert log["version"] == "2.1.0"
    run = log["runs"][0]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("infra-kit", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == ["IK1203", "IK1501", "IK9999"]
    first, second = run["results"]
    assert driver["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "IK1203"
    assert first["level"] == "error"
    assert first["message"]["text"] == "port 1/1/99 does not exist\nuse 1/1/1 to 1/1/48"
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "site/servers.yaml"},
                "region": {"startLine": 2, "startColumn": 11},
            },
            "logicalLocations": [{"fullyQualifiedName": "servers[name=w1].port"}],
        }
    ]
    assert "logicalLocations" not in second["locations"][0]


def test_sarif_fingerprint_survives_a_moved_line():
    moved = Finding("IK1203", "error", FINDING.file, 80, 3, FINDING.path, FINDING.message, FINDING.hint)
    prints = [result["partialFingerprints"] for result in json.loads(as_sarif([FINDING, moved, WARNING], {}, "1"))["runs"][0]["results"]]
    assert prints[0] == prints[1]
    assert prints[0] != prints[2]


def test_sarif_files_are_uris():
    odd = Finding("IK1", "error", "/a b/sité.yaml", 1, 1, "", "m", "")
    relative = Finding("IK1", "error", "a b/sité.yaml", 1, 1, "", "m", "")
    results = json.loads(as_sarif([odd, relative], {}, "1"))["runs"][0]["results"]
    uris = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results]
    assert uris == ["file:///a%20b/sit%C3%A9.yaml", "a%20b/sit%C3%A9.yaml"]

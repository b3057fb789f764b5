from __future__ import annotations

import json

from infra_kit.cli.app import run


def test_every_rule_on_a_line(capsys):
    assert run(["rules"]) == 0
    *lines, _, last = capsys.readouterr().out.splitlines()
    assert last == f"{len(lines)} rules"
    assert len(lines) >= 80
    assert all(line.startswith("IK") for line in lines)


def test_json(capsys):
    assert run(["rules", "--format", "json"]) == 0
    rules = json.loads(capsys.readouterr().out)
    assert {"id", "family", "severity", "docstring"} == set(rules[0])
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert {rule["severity"] for rule in rules} == {"error", "warning"}

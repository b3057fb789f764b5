from __future__ import annotations

from pathlib import Path

import pytest
import yaml

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "conversations.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_conversation(case, make_switch):
    from infra_kit.lab.os10.session import Session

    switch = make_switch(case.get("model", "S5248F-ON"))
    session = Session(switch)
    for step in case["talk"]:
        answer = session.answer(step["type"])
        expected = step.get("answer", "")
        assert expected in answer if expected else answer == "", (step, answer)
        assert step.get("prompt", session.prompt) == session.prompt, step
    for block, lines in case.get("running", {}).items():
        assert list(switch.running.block[block].show()) == lines


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("interface ethernet 1/1/3", {"interface ethernet1/1/3"}),
        ("interface vlan 1", {"interface vlan1"}),
        ("interface vlan", {"interface vlan1", "interface vlan10"}),
        ("interface ethernet 1/1/99", set()),
    ],
)
def test_a_section_of_a_name_is_that_name_alone(make_switch, asked, shown):
    from infra_kit.lab.os10.session import Session

    session = Session(make_switch("S5248F-ON"))
    for line in ("conf t", "interface vlan 10", "end"):
        session.answer(line)
    lines = session.answer(f"show running-configuration {asked}").split("\n")
    assert {line for line in lines if line.startswith("interface")} == shown
    every_one = session.answer("show running-configuration interface").split("\n")
    assert {"interface ethernet1/1/3", "interface ethernet1/1/30", "interface vlan10"} <= set(every_one)

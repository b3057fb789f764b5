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

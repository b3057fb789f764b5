"""Desired, observed, expected lines: each case as hier_config's own model sees it, and as the emulated switch takes it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra_kit.inventory.catalog.load import shipped
from infra_kit.inventory.models.switch import Switch
from infra_kit.lab.memory import Memory
from infra_kit.lab.os10.factory import reset
from infra_kit.lab.os10.session import Session
from infra_kit.lab.os10.switch import EmulatedSwitch, Identity
from infra_kit.layers.fabric.intent import Block, Intent
from infra_kit.layers.fabric.remediation import change_tree, compare, managed
from infra_kit.layers.fabric.scope import Scope
from infra_kit.layers.fabric.tree import print_tree

CASES = [case for file in sorted((Path(__file__).parent / "cases").glob("*.yaml")) for case in yaml.safe_load(file.read_text())]


def intent_of(case) -> Intent:
    switch = Switch.model_validate(
        {
            "name": "sw",
            "role": "leaf",
            "model": case.get("model", "S5248F-ON"),
            "service_tag": "ABC1234",
            "rack": "r",
            "unit": 1,
            "management": {"address": "10.0.0.5", "credential": "c"},
            "scope": case.get("scope", "device"),
        }
    )
    bare = Scope(None, {})
    blocks = []
    for line in case["wanted"].splitlines():
        continuing = blocks and blocks[-1].opening.startswith("banner motd #") and blocks[-1].opening.count("#") == 1
        if continuing:
            blocks[-1] = Block(f"{blocks[-1].opening}\n{line}", (), "system")
        elif line.startswith(" "):
            blocks[-1] = Block(blocks[-1].opening, (*blocks[-1].lines, line), blocks[-1].section)
        else:
            blocks.append(Block(line, (), case.get("owners", {}).get(line) or bare.section_of(line)))
    return Intent(
        switch, case.get("login", "admin"), tuple(blocks), Scope.of(switch.scope, {block.opening: block.section for block in blocks})
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_lines(case):
    intent = intent_of(case)
    change = compare(managed(intent, case["running"].splitlines()), intent.wanted)
    assert list(change.lines) == case["lines"]
    assert bool(change.text) == bool(case["lines"])
    assert bool(change.changes) == bool(case["lines"])
    if "diff" in case:
        assert case["diff"] in change.text


@pytest.mark.parametrize("case", [case for case in CASES if case.get("future", True)], ids=lambda case: case["name"])
def test_the_lines_lead_to_what_is_wanted(case):
    intent = intent_of(case)
    running, wanted = managed(intent, case["running"].splitlines()), intent.wanted
    compare(running, wanted)
    future = running.future(change_tree(running, wanted))
    reached = {line for line in print_tree(future) if line not in case.get("empty", ())}
    assert compare(future, intent.wanted).lines == ()
    assert {*print_tree(wanted)} <= reached


@pytest.mark.parametrize("case", [case for case in CASES if case.get("on_switch", True)], ids=lambda case: case["name"])
def test_the_switch_takes_them_and_is_then_as_wanted(case, tmp_path):
    model = case.get("model", "S5248F-ON")
    identity = Identity(model, "ABC1234", "10.0.0.5/24", case.get("login", "admin"))
    switch = EmulatedSwitch("sw", shipped().switches[model], identity, Memory(tmp_path / "sw.json"))
    reset(switch)
    console = Session(switch)
    intent = intent_of(case)

    def enter(lines):
        console.answer("configure terminal")
        refused = [(line, said) for line in lines for part in line.split("\n") if (said := console.answer(part))]
        console.answer("end")
        assert refused == []

    def change():
        return compare(managed(intent, console.answer("show running-configuration").splitlines()), intent.wanted)

    enter([line for line in case["running"].splitlines() if line.strip() != "!"])
    enter(change().lines)
    assert change().lines == ()

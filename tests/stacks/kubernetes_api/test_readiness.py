"""When an object is ready: one case each, as a table in `readiness_cases.yaml`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra_kit.stacks.kubernetes_api.readiness import LIMITS_S, limit_s, state_of
from infra_kit.stacks.kubernetes_api.state import Failed, Ready, Waiting

CASES = yaml.safe_load(Path(__file__).with_name("readiness_cases.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_state(case):
    found = state_of(case["object"], first_consumer=case.get("first_consumer", False))
    expected = case["state"]
    if expected == "ready":
        assert found == Ready()
    elif "waiting" in expected:
        assert found == Waiting(expected["waiting"])
    else:
        assert found == Failed(expected["failed"], may_heal=expected.get("may_heal", False))


def test_every_kind_has_a_limit():
    assert limit_s({"apiVersion": "apps/v1", "kind": "Deployment"}) == 600
    assert limit_s({"apiVersion": "v1", "kind": "PersistentVolumeClaim"}) == 120
    assert limit_s({"apiVersion": "example.org/v1", "kind": "Widget"}) == 120
    assert all(seconds > 0 for seconds in LIMITS_S.values())

"""What an engine found becomes a plan's difference: the same each time, and with whose field it is."""

from __future__ import annotations

import pytest
from fake_engine import state

from infra_kit.plan.resource import Change
from infra_kit.stacks.comparison import difference


@pytest.mark.parametrize(
    ("found", "action", "disruption"),
    [
        ("create", "create", "none"),
        ("update", "update", "none"),
        ("replace", "update", "recreate"),
        ("delete", "delete", "none"),
        ("none", "none", "none"),
    ],
)
def test_actions(found, action, disruption):
    diff = difference(state(found, "why", note="not checked"), "cluster/Namespace/a")
    assert (diff.action, diff.disruption, diff.reason) == (action, disruption, "why; not checked")


def changed(before, after, **more):
    return {"path": "spec.replicas", "before": before, "after": after, **more}


def test_changes_are_shown_one_by_one():
    diff = difference(state("update", changes=[changed(1, 2)]), "cluster/Namespace/a")
    assert (list(diff.changes), diff.text) == ([Change("spec.replicas", 1, 2)], None)


@pytest.mark.parametrize(
    ("held", "reason", "words"),
    [
        ("ours", "", "spec.replicas was changed by kubectl and is taken back"),
        ("never-ours", "", "spec.replicas belongs to kubectl: refused unless `--take cluster/Deployment/a/b`"),
        ("ours", "kubectl changed it", "kubectl changed it"),
        (
            "never-ours",
            "kubectl holds it",
            "kubectl holds it; spec.replicas belongs to kubectl: refused unless `--take cluster/Deployment/a/b`",
        ),
        ("", "", ""),
    ],
)
def test_whose_field_it_is_is_said_once(held, reason, words):
    found = state("update", reason, [changed(1, 2, manager="kubectl", held=held)])
    assert difference(found, "cluster/Deployment/a/b").reason == words


def test_files_are_compared_line_by_line():
    changes = [
        {"path": "data.a", "before": "x\ny\n", "after": "x\nz\n"},
        {"path": "data.b", "before": None, "after": "1\n2\n"},
        {"path": "data.c", "before": 1, "after": {"d": True}},
        {"path": "data.e", "before": None, "after": "f"},
    ]
    assert difference(state("update", changes=changes), "i").text.splitlines() == [
        "--- data.a",
        "+++ data.a",
        "@@ -1,2 +1,2 @@",
        " x",
        "-y",
        "+z",
        "--- /dev/null",
        "+++ data.b",
        "@@ -0,0 +1,2 @@",
        "+1",
        "+2",
        "-data.c: 1",
        '+data.c: {"d": true}',
        "+data.e: f",
    ]

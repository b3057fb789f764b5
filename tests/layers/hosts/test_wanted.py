from __future__ import annotations

from types import SimpleNamespace

import pytest

from infra_kit.layers.hosts.resource import HostRole
from infra_kit.layers.hosts.wanted import Look, Wanted
from infra_kit.plan.resource import Observed

ROLE = SimpleNamespace(name="x", digest="sha256:role", entry=SimpleNamespace(disruption="none"))
WANTED = Wanted(ROLE, {"x_text": "a"}, frozenset(), "sha256:variables")
NOTED = {**WANTED.note("run-1", "2026-11-21 20:00"), "fingerprint": "sha256:look"}


@pytest.mark.parametrize(
    ("noted", "standing"),
    [
        ({}, "never"),
        (NOTED, "applied"),
        ({**NOTED, "fingerprint": "sha256:other"}, "moved"),
        ({**NOTED, "role": "sha256:old"}, "role"),
        ({**NOTED, "variables": "sha256:old"}, "variables"),
        (Wanted.beginning(None, "run-2"), "begun"),
        (Wanted.beginning(Look(NOTED, "sha256:look"), "run-2"), "interrupted"),
    ],
)
def test_how_a_host_stands_to_a_role_is_told_by_its_note_and_a_look(noted, standing):
    assert WANTED.standing(Look(noted, "sha256:look")) == standing


def test_a_note_once_it_is_done_says_nothing_of_its_beginning():
    assert "begun" not in WANTED.note("run-2", "2026-11-21 20:01")


def state(standing="applied", **more):
    return Observed({"standing": standing, "changes": [], "unknown": [], "failed": None, "disruption": "none", **more}, remark="as it was")


@pytest.mark.parametrize(
    ("observed", "action", "reason"),
    [
        (state(), "none", "as it was"),
        (state("never"), "none", "as it was"),
        (state("begun"), "update", "a run began it here and did not end it"),
        (state("interrupted"), "update", "a run began to change it here and did not end it"),
        (state("never", unknown=["T"]), "update", "was never applied here; task 'T' cannot tell before it runs"),
        (state("role", failed="task 'T' failed: no"), "update", "the role has changed since it was applied; task 'T' failed: no"),
        (state("applied", changes=[{"task": "T", "places": []}]), "update", "as it was"),
    ],
)
def test_what_is_to_be_done(observed, action, reason):
    diff = HostRole(ROLE, "a", None, None).diff(observed)
    assert (diff.action, diff.reason) == (action, reason)

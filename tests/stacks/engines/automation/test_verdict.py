"""What is to be done, from the API server's dry run and Pulumi's preview."""

from __future__ import annotations

import pytest

from infra_kit.stacks.engines.automation.findings import Preview, Step, name_in, told
from infra_kit.stacks.engines.automation.verdict import merged

NAME = ("kubernetes:core/v1:ConfigMap", "settings")


def state(action, **more):
    return {"present": True, "version": "x", "action": action, "reason": "", "changes": [], "note": "", **more}


@pytest.mark.parametrize("op", ["same", "update", "replace"])
def test_where_the_server_would_change_nothing_nothing_is_to_be_done(op):
    assert merged(state("none"), Preview({NAME: Step(op)}), NAME, in_state=True) == state("none")


def test_who_holds_what_is_the_providers_to_say_where_no_value_would_change():
    takes = state("update", reason="takes globalDefault")
    assert merged(takes, Preview({NAME: Step("same")}), NAME, in_state=True)["action"] == "none"
    assert merged(takes, Preview({NAME: Step("update")}), NAME, in_state=True)["action"] == "update"


def test_an_unknown_step_counts_as_a_change():
    found = merged(state("none"), Preview({NAME: Step("transmute")}), NAME, in_state=True)
    assert found["action"] == "update"
    assert "transmute" in found["reason"]


def test_what_is_not_in_pulumis_state_is_taken_up_there():
    found = merged(state("none"), Preview({NAME: Step("create")}), NAME, in_state=False)
    assert found["action"] == "update"
    assert "not in Pulumi's state" in found["reason"]


def test_a_replacement_that_only_pulumi_knows_of_is_one():
    found = merged(
        state("update", reason="differs"), Preview({NAME: Step("replace", replaces=True, fields=("spec.x",))}), NAME, in_state=True
    )
    assert (found["action"], found["reason"]) == ("replace", "differs; Pulumi replaces it to change spec.x")


def test_what_pulumi_says_against_an_object_is_noted_unless_it_is_the_conflict_that_is_shown():
    preview = Preview({}, {NAME: "Apply failed with 1 conflict"})
    assert "Apply failed" in merged(state("update"), preview, NAME, in_state=True)["note"]
    held = state("update", changes=[{"path": "data.a", "held": "ours"}])
    assert merged(held, preview, NAME, in_state=True)["note"] == ""


def test_type_and_name_in_a_urn():
    urn = "urn:pulumi:site.s::infra-kit-p::infra-kit:x:Part$kubernetes:apps/v1:Deployment::a::b"
    assert name_in(urn) == ("kubernetes:apps/v1:Deployment", "a::b")


def test_of_what_the_command_wrote_the_errors_are_told():
    assert told("code: 255\n stdout: Updating\n error: no such thing\n error: no such thing\n") == "error: no such thing"
    assert told("something else") == "something else"

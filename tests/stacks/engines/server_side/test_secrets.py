"""Secrets reach the cluster and nothing else."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.errors import DeviceError, NoSecretError
from infra_kit.stacks.parts.secret import referenced

if TYPE_CHECKING:
    from conftest import Bench

VALUE = "hunter2-hunter2"


def secret(bench: Bench, *, name: str = "INFRA_KIT_TEST_SECRET") -> Any:
    """A Secret of the program."""
    text = {"password": referenced(f"env:{name}"), "url": f"https://me:{referenced(f'env:{name}')}@db/"}
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": bench.namespace}}
    return bench.object({**manifest, "stringData": text})


def test_a_reference_reaches_the_cluster_and_no_state(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFRA_KIT_TEST_SECRET", VALUE)
    program = secret(bench)
    created = bench.plan(program)
    bench.apply(program)
    data = {key: base64.b64decode(value).decode() for key, value in bench.live(program)["data"].items()}
    assert data == {"password": VALUE, "url": f"https://me:{VALUE}@db/"}
    settled = bench.plan(program)
    assert settled[0]["action"] == "none"
    monkeypatch.setenv("INFRA_KIT_TEST_SECRET", "another-value")
    bench.connections.access.secrets.__init__()  # type: ignore[misc]  a new run reads it anew
    differs = bench.plan(program)
    assert [change["path"] for change in differs[0]["changes"]] == ["data.password", "data.url"]
    assert {(change["before"], change["after"]) for change in differs[0]["changes"]} == {("(secret)", "(secret, differs)")}
    said = json.dumps([created, settled, differs])
    for each in (VALUE, "another-value"):
        assert each not in said
        assert base64.b64encode(each.encode()).decode()[:16] not in said


def test_a_secret_within_another_object_is_hidden_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFRA_KIT_TEST_OTHER", VALUE)
    environment = [{"name": "PASSWORD", "value": referenced("env:INFRA_KIT_TEST_OTHER")}]
    template = json.loads(json.dumps(bench.deployment().manifest["spec"]["template"]))
    template["spec"]["containers"][0]["env"] = environment
    program = bench.deployment(spec={"template": template})
    created = bench.plan(program)
    bench.apply(program)
    assert bench.live(program)["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == VALUE
    bench.kubectl("set", "env", "deployment/web", "PASSWORD=other")
    edited = bench.plan(program)
    (change,) = edited[0]["changes"]
    assert change["path"] == "spec.template.spec.containers[name=web].env[name=PASSWORD].value"
    assert (change["before"], change["after"]) == ("(secret)", "(secret, differs)")
    assert VALUE not in json.dumps([created, edited])


def test_only_the_object_whose_reference_does_not_resolve_fails(bench: Bench) -> None:
    with pytest.raises(NoSecretError, match="INFRA_KIT_TEST_MISSING is not set"):
        bench.plan(secret(bench, name="INFRA_KIT_TEST_MISSING"))
    assert bench.plan(bench.config_map(colour="red"))[0]["action"] == "create"


def made_once(bench: Bench, **texts: str) -> Any:
    """A Secret whose passwords are others at each evaluation."""
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "database", "namespace": bench.namespace}}
    return bench.object({**manifest, "stringData": texts}, given_up=("stringData", "data"))


def texts(bench: Bench, program: Any) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in bench.live(program)["data"].items()}


def test_a_secret_that_was_made_once_gets_the_keys_that_the_program_has_since(bench: Bench) -> None:
    old, new, third = ("first-password-1234567890", "second-password-123456789", "third-password-1234567890")
    bench.apply(made_once(bench, username="me", password=old))
    program = made_once(bench, username="me", password=new, conf=f"user=me\npassword={new}\n")
    (state,) = bench.plan(program)
    assert [(each["path"], each["before"], each["after"]) for each in state["changes"]] == [("data.conf", None, "(secret)")]
    assert bench.apply(program) == ["update"]
    assert texts(bench, program) == {"username": "me", "password": old, "conf": f"user=me\npassword={old}\n"}
    again = made_once(bench, username="me", password=third, conf=f"user=me\npassword={third}\n")
    assert bench.plan(again)[0]["action"] == "none"
    # What others changed stays theirs, and a password that was taken out does not come back as another one than that beside it.
    bench.kubectl("patch", "secret", "database", "--type=json", "-p", '[{"op": "remove", "path": "/data/password"}]')
    assert bench.apply(again) == ["none"]


def test_the_servers_words_do_not_repeat_a_secret(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFRA_KIT_TEST_LABEL", "not a label: hunter2")
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": bench.namespace}}
    manifest["metadata"]["labels"] = {"a": referenced("env:INFRA_KIT_TEST_LABEL")}
    with pytest.raises(DeviceError, match="Invalid value") as refusal:
        bench.plan(bench.object(manifest))
    assert "hunter2" not in str(refusal.value)

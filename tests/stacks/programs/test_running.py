"""Under a real Pulumi the programs make what the embedded engine evaluates; its own command line is used where there is one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime import Mocks, set_all_config, set_mocks

from infra_kit.inventory.errors import ProgramError
from infra_kit.inventory.load import load_site
from infra_kit.inventory.secrets import SecretStore
from infra_kit.stacks.programs import running
from infra_kit.stacks.programs.evaluation import evaluate
from infra_kit.stacks.programs.recording import record
from infra_kit.stacks.programs.running import run, transform
from infra_kit.stacks.stack import Stack

FRAUD = Stack("workspaces", "workspaces", "fraud")
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270"}
MARKER = "${infra-kit-secret:env:A_TOKEN}"


def transformed(type_, props, *, custom=True):
    made = pulumi.ResourceTransformArgs(custom=custom, type_=type_, name="x", props=props, opts=pulumi.ResourceOptions())
    return transform(FRAUD, SecretStore())(made)


def in_a_loop(function):
    async def main():
        return await function()

    return asyncio.run(main())


def test_every_object_gets_the_labels_that_an_evaluation_gives_it():
    found = transformed("kubernetes:core/v1:ConfigMap", {"kind": "ConfigMap", "metadata": {"name": "x", "labels": {"a": "b"}}})
    assert found.props["metadata"]["labels"] == {
        "a": "b",
        "app.kubernetes.io/managed-by": "infra-kit",
        "infra-kit.dev/stack": "workspaces.fraud",
    }


def test_patches_components_and_what_is_not_kubernetes_is_left_as_it_is():
    patch = {"kind": "ConfigMap", "metadata": {"name": "x"}}
    assert transformed("kubernetes:core/v1:ConfigMapPatch", patch).props == patch
    assert transformed("infra-kit:x:Y", {}, custom=False) is None
    assert transformed("pulumi:providers:kubernetes", {}) is None


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_reference_becomes_a_secret_of_pulumi(monkeypatch, wrapped):
    monkeypatch.setenv("A_TOKEN", "open sesame")
    data = {"token": f"Bearer {MARKER}", "user": "a"}
    value = {**SECRET, "value": data} if wrapped else data

    async def look():
        set_mocks(Unasked())
        output = transformed("kubernetes:core/v1:Secret", {"kind": "Secret", "metadata": {"name": "x"}, "stringData": value}).props[
            "stringData"
        ]
        return await output.is_secret(), await output.future()

    assert in_a_loop(look) == (True, {"token": "Bearer open sesame", "user": "a"})


def test_what_holds_no_reference_stays_as_it_came():
    value = {**SECRET, "value": {"a": ["b", 3, None]}}
    assert transformed("kubernetes:core/v1:Secret", {"kind": "Secret", "stringData": value}).props["stringData"] is value


def test_a_reference_outside_a_secret_is_refused(monkeypatch):
    monkeypatch.setenv("A_TOKEN", "open sesame")
    with pytest.raises(ProgramError, match=r"ConfigMap `x` holds a secret reference") as caught:
        transformed("kubernetes:core/v1:ConfigMap", {"kind": "ConfigMap", "data": {"a": [MARKER]}})
    assert "sesame" not in str(caught.value)


class Unasked(Mocks):
    def new_resource(self, args):
        return args.name, args.inputs

    def call(self, args):
        return {}


@pytest.mark.parametrize(
    ("program", "settings", "words"),
    [
        ("platform", {}, "infra-kit:site"),
        ("workspaces", {"infra-kit:site": "SITE"}, "infra-kit:workspace"),
        ("workspaces", {"infra-kit:site": "SITE", "infra-kit:workspace": "nobody"}, "no workspace nobody"),
        ("platform", {"infra-kit:site": "/nowhere"}, "no site at /nowhere"),
    ],
)
def test_what_is_missing_is_said_without_a_traceback(site_folder, program, settings, words):
    async def look():
        set_mocks(Unasked())
        set_all_config({name: value.replace("SITE", str(site_folder)) for name, value in settings.items()})
        run(program)

    with pytest.raises(pulumi.RunError) as caught:
        in_a_loop(look)
    assert words in str(caught.value)


@pytest.mark.parametrize("stack", [Stack("cluster", "platform"), FRAUD], ids=lambda stack: stack.name)
def test_the_program_of_the_folder_makes_what_is_evaluated(repository, stack, monkeypatch):
    folder = repository / "inventory" / "configuration-1"
    monkeypatch.setattr(running, "register_resource_transform", lambda change: None)  # asks the command line, which is not here

    def program():
        set_all_config({"infra-kit:site": str(folder), "infra-kit:workspace": stack.parameter})
        run(stack.program)

    made = {(each.type, each.name) for each in record(program, "s").registrations if each.custom}
    assert made == {(each.type, each.logical_name) for each in evaluate(load_site(folder), [stack])[0].objects}


@pytest.mark.parametrize("program", ["platform", "workspaces"])
def test_a_folder_that_pulumi_takes_runs_its_program(repository, program):
    folder = Path(repository) / "stacks" / program
    assert f'run("{program}")' in (folder / "__main__.py").read_text()
    assert f"name: infra-kit-{program}" in (folder / "Pulumi.yaml").read_text()

"""Between a program and Pulumi: held until released, and then as released."""

from __future__ import annotations

import asyncio
import contextvars

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi.runtime import Mocks, register_stack_transformation, set_mocks
from pulumi.runtime.stack import run_pulumi_func

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.engines.automation.gate import Gate, NotReleasedError

SPACE = ("kubernetes:core/v1:Namespace", "space")
LOGIN = ("kubernetes:core/v1:Secret", "login")
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
"""How Pulumi's protocol marks one."""
MANIFESTS = {
    SPACE: {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}},
    LOGIN: {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": "a"}, "data": {"x": "eA=="}},
}


def program():
    space = kubernetes.core.v1.Namespace("space", metadata={"name": "a"})
    kubernetes.core.v1.Secret("login", metadata={"name": "login", "namespace": space.metadata.name}, string_data={"x": "marker"})


class Seen(Mocks):
    """What Pulumi gets."""

    def __init__(self):
        self.made = {}

    def new_resource(self, args):
        self.made[(args.typ, args.name)] = args.inputs
        return args.name, args.inputs

    def call(self, args):
        return {}


def run(gate, meanwhile=None, urns=None):
    async def main():
        seen = Seen()
        set_mocks(seen)
        register_stack_transformation(gate.transformation(urns or {}))
        await asyncio.gather(run_pulumi_func(program), *([meanwhile(seen)] if meanwhile else []))
        return seen.made

    # As Pulumi's own server of inline programs does it: nothing of one run is left for the next.
    return contextvars.copy_context().run(asyncio.run, main())


def gate_for(*held):
    asked = []
    gate = Gate(asked.append)
    gate.know(MANIFESTS)
    gate.hold(held)
    return gate, asked


def test_what_is_not_held_passes_as_it_was_planned():
    gate, asked = gate_for()
    made = run(gate)
    assert made[SPACE]["metadata"] == {"name": "a"}
    assert made[LOGIN]["data"] == SECRET | {"value": {"x": "eA=="}}
    assert "stringData" not in made[LOGIN]
    assert asked == []


def test_what_is_held_waits_and_is_what_was_released():
    gate, asked = gate_for(LOGIN)

    async def release(seen):
        while not asked or SPACE not in seen.made:  # noqa: ASYNC110  turns of the loop, no time
            await asyncio.sleep(0)
        assert LOGIN not in seen.made
        gate.release(LOGIN, {**MANIFESTS[LOGIN], "data": {"x": "eQ=="}, "type": "Opaque"})

    made = run(gate, release)
    assert asked == [LOGIN]
    assert made[LOGIN]["data"] == SECRET | {"value": {"x": "eQ=="}}


def test_what_was_released_before_it_came_does_not_wait():
    gate, _ = gate_for(LOGIN)
    gate.release(LOGIN, MANIFESTS[LOGIN])
    assert LOGIN in run(gate)


def test_what_is_never_released_fails_whether_it_comes_before_the_end_or_after():
    gate, asked = gate_for(LOGIN)

    async def main():
        early = asyncio.ensure_future(gate.pass_through(LOGIN))
        await asyncio.sleep(0)
        gate.close()
        with pytest.raises(NotReleasedError):
            await early
        with pytest.raises(NotReleasedError):
            await gate.pass_through(LOGIN)

    asyncio.run(main())
    assert asked == [LOGIN, LOGIN]


def test_a_program_that_makes_something_else_than_was_planned_is_stopped():
    gate = Gate(lambda _name: None)
    gate.know({SPACE: MANIFESTS[SPACE]})
    with pytest.raises(ProgramError, match="`login`, which it did not make"):
        run(gate)


def test_an_object_that_has_another_logical_name_now_is_the_same_object():
    gate, _ = gate_for()
    old = "urn:pulumi:s::p::kubernetes:core/v1:Namespace::earlier"
    change = gate.transformation({("", "Namespace", "", "a"): old})

    async def look():
        set_mocks(Seen())
        return change(
            pulumi.ResourceTransformationArgs(resource=None, type_=SPACE[0], name=SPACE[1], props={}, opts=pulumi.ResourceOptions())
        )

    assert asyncio.run(look()).opts.aliases == [old]

"""The SDK is as the monitor of ours needs it. Where a test of this file fails after an upgrade, `stacks/recording.py` is what to mend."""

from __future__ import annotations

import gc
import inspect

import pulumi
import pulumi.runtime
import pulumi_kubernetes as kubernetes
import pytest
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_pulumi_func

from infra_kit.stacks.programs.recording import record


def config(name, **options):
    return kubernetes.core.v1.ConfigMap(name, metadata={"name": name}, opts=pulumi.ResourceOptions(**options))


def test_mocks_still_take_a_monitor_of_ones_own():
    parameters = inspect.signature(pulumi.runtime.set_mocks).parameters
    assert {"mocks", "project", "stack", "preview", "logger", "monitor"} <= set(parameters)
    assert inspect.iscoroutinefunction(run_pulumi_func)


def test_the_monitor_has_no_methods_that_ours_does_not_know():
    """A new one would be answered by the SDK's mock, which asks the mocks that we never want asked."""
    known = {"Invoke", "ReadResource", "ExistsResource", "RegisterResource"}
    harmless = {
        "RegisterResourceOutputs",
        "RegisterStackTransform",
        "RegisterStackInvokeTransform",
        "RegisterResourceHook",
        "RegisterErrorHook",
        "SupportsFeature",
        "GetDeploymentInfo",
        "RegisterPackage",
        "SignalAndWaitForShutdown",
    }
    assert {name for name in vars(MockMonitor) if name[0].isupper()} - {"ResourceRegistration"} == known | harmless


def test_a_registration_still_has_the_options_that_are_read():
    fields = set(resource_pb2.RegisterResourceRequest.DESCRIPTOR.fields_by_name)
    read = {"type", "name", "parent", "custom", "object", "dependencies", "ignoreChanges", "retainOnDelete", "customTimeouts"}
    refused = {"protect", "importId", "replaceOnChanges", "deletedWith", "transforms", "provider"}
    assert read | refused <= fields


def test_outputs_are_known_at_once_and_become_dependencies():
    seen = []

    def program():
        first = config("first")
        first.metadata.name.apply(seen.append)
        kubernetes.core.v1.ConfigMap("second", metadata={"name": pulumi.Output.concat(first.metadata.name, "-", first.id)})

    first, second = record(program, "s").registrations
    assert seen == ["first"]
    assert second.inputs["metadata"]["name"] == "first-first"
    assert second.dependencies == {first.urn}


def test_equal_names_in_unlike_components_differ():
    class Part(pulumi.ComponentResource):
        def __init__(self, kind, name, parent=None):
            super().__init__(f"test:part:{kind}", name, None, pulumi.ResourceOptions(parent=parent))

    def program():
        for kind in ("A", "B"):
            inner = Part("Inner", "inner", Part(kind, "outer"))
            config("c", parent=inner)

    made = [each for each in record(program, "s").registrations if each.custom]
    assert [each.urn.split("::")[2] for each in made] == [
        f"test:part:{kind}$test:part:Inner$kubernetes:core/v1:ConfigMap" for kind in ("A", "B")
    ]


def test_one_recording_does_not_see_another():
    first = record(lambda: pulumi.export("a", pulumi.Output.secret(1)), "s")
    second = record(lambda: pulumi.export("b", {"x": pulumi.get_stack()}), "t")
    assert (first.outputs, second.outputs) == ({"a": "(secret)"}, {"b": {"x": "t"}})


def test_numbers_secrets_and_nothing_are_plain():
    def program():
        kubernetes.apiextensions.CustomResource(
            "x", "e.com/v1", "X", metadata={"name": "x"}, spec={"n": 3, "f": 0.5, "s": pulumi.Output.secret({"a": [True, None]})}
        )

    assert record(program, "s").registrations[0].inputs["spec"] == {"n": 3, "f": 0.5, "s": {"a": [True, None]}}


def test_a_failure_after_an_output_is_the_program_s():
    def program():
        config("c").metadata.name.apply(lambda name: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        record(program, "s")
    assert gc.isenabled()

"""What is as intended and not ready: said with the plan, for nothing that is asked beside; awaited when it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.errors import NotReadyError, VerificationError
from infra_kit.stacks.kubernetes_api import waiting
from infra_kit.stacks.kubernetes_api.transport import Transport

if TYPE_CHECKING:
    from conftest import Bench
    from infra_kit.stacks.kubernetes_api.transport import Call

NEVER_READY = "infra-kit.dev/lab-never-ready"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", waiting.Patience(refusal_grace_s=1.0, inspect_s=0.3))


def label(bench: Bench, value: str) -> None:
    """Somebody else's label on the pods: a field that is not infra-kit's to compare."""
    bench.kubectl("patch", "deployment", "web", "-p", f'{{"spec":{{"template":{{"metadata":{{"labels":{{"{NEVER_READY}":{value}}}}}}}}}}}')


def test_a_deployment_whose_pods_do_not_become_ready_is_as_intended_and_waits(bench: Bench) -> None:
    program = bench.deployment(spec={"replicas": 1}, ready_within_s=1.0)
    bench.apply(program)
    assert bench.plan(program)[0]["waiting"] == ""
    label(bench, '"true"')
    (state,) = bench.plan(program)
    assert (state["action"], bool(state["waiting"])) == ("none", True)
    with pytest.raises(NotReadyError, match=r"pod web-.*; last event: Unhealthy: Readiness probe failed"):
        bench.engine(program).await_ready(program, bench.run)
    assert bench.plan(program)[0]["waiting"] == "1 old replica is still to go"
    label(bench, "null")
    patient = bench.deployment(spec={"replicas": 1})
    bench.engine(patient).await_ready(patient, bench.run)
    assert bench.plan(program)[0]["waiting"] == ""


def test_to_say_so_takes_no_further_question(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    program = bench.deployment(spec={"replicas": 1})
    bench.apply(program)

    def asked() -> list[str]:
        operations: list[str] = []
        really = Transport.ask

        def noting(self: Transport, call: Call) -> Any:
            operations.append(call.operation)
            return really(self, call)

        with monkeypatch.context() as patched:
            patched.setattr(Transport, "ask", noting)
            bench.plan(program)
        return operations

    ready = asked()
    label(bench, '"true"')
    assert bench.plan(program)[0]["waiting"]
    assert asked() == ready


def test_a_claim_that_rightly_waits_for_its_first_pod_is_not_named(bench: Bench) -> None:
    late = f"late-{bench.namespace}"
    bench.client.apply(
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": late},
            "provisioner": "example.org/none",
            "volumeBindingMode": "WaitForFirstConsumer",
        },
        manager="test",
    )

    def claim(name: str, storage_class: str) -> Any:
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": storage_class}
        metadata = {"name": name, "namespace": bench.namespace}
        return bench.object({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}, ready_within_s=0.5)

    program = [claim("late", late), claim("never", "none-such")]
    with pytest.raises(NotReadyError):
        bench.apply(*program)
    assert [state["waiting"] for state in bench.plan(*program)] == ["", "it is Pending"]
    bench.client.delete("storage.k8s.io/v1", "StorageClass", "", late)


def test_what_others_made_is_theirs_to_wait_for(bench: Bench) -> None:
    deployment = bench.deployment(spec={"replicas": 1})
    bench.client.apply(deployment.manifest, manager="kubectl")
    label(bench, '"true"')
    metadata = {"name": "web", "namespace": bench.namespace, "labels": {"example.org/ours": "1"}}
    patch = bench.object({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}, patch=True)
    bench.apply(patch)
    (state,) = bench.plan(patch)
    assert (state["action"], state["waiting"]) == ("none", "")
    bench.engine(patch).await_ready(patch, bench.run)


def test_what_is_gone_is_not_waited_for(bench: Bench) -> None:
    program = bench.config_map(colour="red")
    with pytest.raises(VerificationError, match="is not on the cluster any more"):
        bench.engine(program).await_ready(program, bench.run)

"""What the cluster refuses, or does not bring about: said in its own words, with the pod and the event."""

from __future__ import annotations

import time

import pytest
import yaml
from conformance_bench import case

POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: NAME}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}]
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}
  validations: [{expression: "!('greeting' in object.data)", message: greetings are not wanted here}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: NAME}
spec: {policyName: NAME, validationActions: [Deny]}
"""


@case("unschedulable")
def test_a_deployment_that_does_not_become_ready_names_its_pod_and_the_event(bench):
    bench.use("unschedulable")
    outcomes = bench.apply()
    kind, message = outcomes[f"Deployment/{bench.namespace}/web"]
    assert kind == "failed"
    assert f"Deployment/{bench.namespace}/web is not ready after 2 s: 0 of 1 replica is available; pod web-" in message
    assert "Unschedulable: 0/" in message
    assert "nodes are available" in message
    assert outcomes[f"ConfigMap/{bench.namespace}/settings"][0] == "done", "what does not need it goes on"
    said = [event.message for event in bench.script.events if event.moment == "waiting"]
    assert any("0 of 1 replica" in text for text in said), f"what it waited for is told: {said}"


@case("failing_once")
def test_a_job_that_fails_is_reported_at_once(bench):
    bench.use("failing_once")
    kind, message = bench.apply()[f"Job/{bench.namespace}/once"]
    assert kind == "failed"
    assert "DeadlineExceeded" in message


@case("over_quota")
def test_a_quota_that_refuses_pods_is_named(bench):
    bench.use("over_quota")
    kind, message = bench.apply()[f"Deployment/{bench.namespace}/web"]
    assert kind == "failed"
    assert "exceeded quota: tight" in message


@case("privileged_pod", "restricted_namespace")
def test_pod_security_says_what_it_does_not_take(bench):
    bench.use("privileged_pod")
    name = f"Pod/{bench.namespace}/root"
    kind, message = bench.apply()[name]
    assert kind == "failed"
    assert 'violates PodSecurity "restricted:latest": privileged' in message
    entry = bench.plan()[name]
    assert entry.diff.action == "unknown", "now that the namespace is there, the plan tells it beforehand"
    assert "violates PodSecurity" in entry.diff.reason


@case("just_namespace", "settings")
def test_an_admission_policy_says_no_at_plan_time(bench):
    bench.converge("just_namespace")
    policy = POLICY.replace("NAME", bench.namespace)
    bench.kubectl("apply", "-f", "-", stdin=policy)
    bench.on_clear(lambda: bench.kubectl("delete", "-f", "-", stdin=policy))
    bench.use("settings")
    name = f"ConfigMap/{bench.namespace}/settings"
    end = time.monotonic() + 30
    while (entry := bench.plan()[name]).diff.action == "create" and time.monotonic() < end:
        """The API server reads its policies a moment later."""
    assert entry.diff.action == "unknown"
    assert "greetings are not wanted here" in entry.diff.reason
    kind, message = bench.apply()[name]
    assert (kind, "greetings are not wanted here" in message) == ("failed", True)


@case("settings")
def test_the_engine_of_a_stack_is_not_changed_silently(bench, engine):
    bench.converge("settings")
    file = bench.folder / "platform.yaml"
    before = file.read_text(encoding="utf-8")
    bench.on_clear(lambda: file.write_text(before, encoding="utf-8"))
    other = {"server-side": "automation", "automation": "server-side"}[engine]
    file.write_text(before.replace(f"engine: {engine}", f"engine: {other}"), encoding="utf-8")

    reasons = {entry.diff.reason for entry in bench.plan().values() if entry.diff.action == "unknown"}
    assert len(reasons) == 1
    assert f"belongs to the engine {engine}" in reasons.pop()


@case("settings")
def test_a_token_that_is_not_taken_leaves_everything_unknown(bench, tmp_path):
    overlay = yaml.safe_load(bench.endpoints.read_text(encoding="utf-8"))
    (tmp_path / "token").write_text("not-the-token", encoding="utf-8")
    entry = overlay["devices"]["kubernetes"]["kubernetes"]
    entry["password"] = f"file:{tmp_path / 'token'}"
    entry["ca"] = str(bench.endpoints.parent / entry["ca"])
    bench.endpoints = tmp_path / "endpoints.yaml"
    bench.endpoints.write_text(yaml.safe_dump({"devices": {"kubernetes": {"kubernetes": entry}}}), encoding="utf-8")

    bench.use("settings")
    entries = bench.plan()
    assert {entry.diff.action for entry in entries.values()} == {"unknown"}
    assert all("does not take the token" in entry.diff.reason for entry in entries.values())
    assert "not-the-token" not in str(entries)


@pytest.mark.badday
@case("unschedulable")
def test_a_run_that_is_told_to_stop_stops_waiting(bench, monkeypatch):
    from infra_kit.plan.interruption import Interruption

    bench.use("unschedulable")
    script = conformance_script(monkeypatch, Interruption)
    outcomes = bench.apply(script=script)
    kind, message = outcomes[f"Deployment/{bench.namespace}/web"]
    assert kind == "failed"
    assert "interrupted while waiting for Deployment/" in message


def conformance_script(monkeypatch, interruption):
    """A dialogue that asks the run to stop as soon as a step says that it waits for replicas."""
    from conformance_bench import Script

    asked = []
    begin = interruption.__init__

    def keep(self):
        begin(self)
        asked.append(self)

    monkeypatch.setattr(interruption, "__init__", keep)

    def stop(event):
        if event.moment == "waiting" and "available" in event.message:
            asked[-1].ask("told to stop")

    return Script(on_event=stop)

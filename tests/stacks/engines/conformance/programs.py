"""The programs of the conformance suite: what a stack asks for at each step of a case.

Each is `program(site, namespace)`; a case's stack is named after its namespace, so that no two cases meet on the cluster.
"""

from __future__ import annotations

from functools import partial

import pulumi_kubernetes as kubernetes
from pulumi import Alias, CustomTimeouts, ResourceOptions

from infra_kit.stacks.parts.secret import generated, referenced

NOWHERE = {"node_selector": {"example.org/none": "true"}}
IMAGE = "example.org/web:1"


# Single objects


def own_namespace(name, labels=None):
    metadata = {"name": name, **({"labels": labels} if labels else {})}
    return kubernetes.core.v1.Namespace("namespace", metadata=metadata)


def config(namespace, name="settings", data=None, *, logical="", opts=None, **metadata):
    return kubernetes.core.v1.ConfigMap(
        logical or name,
        metadata={"name": name, "namespace": namespace, **metadata},
        data={"greeting": "hello", "size": "10"} if data is None else data,
        opts=opts,
    )


def pod_template(name, image=IMAGE, container=None, labels=None, **pod):
    return {
        "metadata": {"labels": {"app": name, **(labels or {})}},
        "spec": {"containers": [{"name": "main", "image": image, **(container or {})}], **pod},
    }


def deployment(namespace, name="web", *, selector=None, replicas=1, opts=None, spec=None, **template):  # noqa: PLR0913  a pod has many sides
    selector = selector or {"app": name}
    return kubernetes.apps.v1.Deployment(
        name,
        metadata={"name": name, "namespace": namespace},
        spec={
            "replicas": replicas,
            "selector": {"match_labels": selector},
            "template": pod_template(name, labels=selector, **template),
            **(spec or {}),
        },
        opts=opts,
    )


def service(namespace, name="web", ports=None, **spec):
    ports = ports or [{"name": "http", "port": 80, "target_port": 8080}]
    metadata = {"name": name, "namespace": namespace}
    return kubernetes.core.v1.Service(name, metadata=metadata, spec={"selector": {"app": name}, "ports": ports, **spec})


def job(namespace, name="once", container=None, opts=None, **spec):
    template = pod_template(name, container=container, restart_policy="Never", **spec.pop("pod", {}))
    metadata = {"name": name, "namespace": namespace}
    return kubernetes.batch.v1.Job(name, metadata=metadata, spec={"template": template, **spec}, opts=opts)


def within(seconds):
    return ResourceOptions(custom_timeouts=CustomTimeouts(create=f"{seconds}s"))


# Programs


def nothing(site, namespace):
    """The stack is there and asks for no object."""


def just_namespace(site, namespace, labels=None):
    own_namespace(namespace, labels)


restricted_namespace = partial(just_namespace, labels={"pod-security.kubernetes.io/enforce": "restricted"})


def basic(site, namespace, *, replicas=1, with_settings=True, image=IMAGE, data=None):  # noqa: PLR0913  what the steps differ in
    """A namespace with settings, a deployment and its service."""
    own_namespace(namespace)
    if with_settings:
        config(namespace, data=data)
    deployment(namespace, replicas=replicas, image=image)
    service(namespace)


basic_two_replicas = partial(basic, replicas=2)
basic_new_image = partial(basic, image="example.org/web:2")
basic_other_greeting = partial(basic, data={"greeting": "good day", "size": "10"})
basic_without_settings = partial(basic, with_settings=False)


def settings(site, namespace, **options):
    """Settings in a namespace of the program's own."""
    own_namespace(namespace)
    config(namespace, **options)


settings_renamed = partial(settings, logical="another-logical-name")
settings_aliased = partial(settings, logical="newer", opts=ResourceOptions(aliases=[Alias(name="settings")]))
settings_retained = partial(settings, opts=ResourceOptions(retain_on_delete=True))
settings_annotated = partial(settings, annotations={"example.org/owner": "anna"})
settings_large = partial(settings, data={f"part-{number}": "x" * 90_000 for number in range(10)})
STRANGE_TEXT = 'Ünïcödé 漢字 🚀\n\ttab "quotes" \\ \u2028 \ufeff \x1b[0m #: - {}'
settings_unicode = partial(settings, data={"text": STRANGE_TEXT, "empty": ""})
CONTROL_TEXT = "\x7f \x85"
settings_control = partial(settings, data={"text": CONTROL_TEXT})
settings_held = partial(settings, finalizers=["example.org/hold"])


def guest(site, namespace, name="guest"):
    """Settings in a namespace that another stack makes."""
    config(namespace.rpartition("-guest")[0], name)


guest_of_settings = partial(guest, name="settings")


def guarded(site, namespace):
    """What guards a namespace goes with it; settings that a deployment needs."""
    own_namespace(namespace)
    kubernetes.core.v1.ResourceQuota("quota", metadata={"name": "quota", "namespace": namespace}, spec={"hard": {"pods": "9"}})
    kubernetes.networking.v1.NetworkPolicy(
        "deny", metadata={"name": "deny", "namespace": namespace}, spec={"pod_selector": {}, "policy_types": ["Ingress"]}
    )
    deployment(namespace, opts=ResourceOptions(depends_on=[config(namespace)]))


def selected(site, namespace, *, selector=None):
    own_namespace(namespace)
    deployment(namespace, selector=selector)


selected_by_app = partial(selected, selector={"app": "web"})
selected_by_tier = partial(selected, selector={"app": "web", "tier": "front"})


def claim(site, namespace, *, storage="1Gi"):
    own_namespace(namespace)
    kubernetes.core.v1.PersistentVolumeClaim(
        "data",
        metadata={"name": "data", "namespace": namespace, "annotations": {"infra-kit.dev/wait": "none"}},
        spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}, "storage_class_name": "none"},
    )


smaller_claim = partial(claim, storage="500Mi")


def once(site, namespace, *, container=None, **spec):
    own_namespace(namespace)
    job(namespace, container=container, **spec)


once_again = partial(once, container={"args": ["again"]})
failing_once = partial(once, active_deadline_seconds=1, pod=NOWHERE)


def scaled_by_autoscaler(site, namespace):
    """Replicas are the program's at the beginning only."""
    own_namespace(namespace)
    deployment(namespace, opts=ResourceOptions(ignore_changes=["spec.replicas"]))
    kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
        "web",
        metadata={"name": "web", "namespace": namespace},
        spec={
            "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": "web"},
            "min_replicas": 1,
            "max_replicas": 5,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "average_utilization": 70}}}],
        },
    )


def definition_and_resource(site, namespace, *, colour="red", resource=True):
    """A kind of the program's own and one object of it."""
    own_namespace(namespace)
    group = f"{namespace}.example.org"
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"colour": {"type": "string", "enum": ["red", "green"]}}}},
    }
    kubernetes.apiextensions.v1.CustomResourceDefinition(
        "widgets",
        metadata={"name": f"widgets.{group}"},
        spec={
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"open_apiv3_schema": schema}}],
        },
    )
    if resource:
        kubernetes.apiextensions.CustomResource(
            "widget", f"{group}/v1", "Widget", metadata={"name": "a", "namespace": namespace}, spec={"colour": colour}
        )


green_resource = partial(definition_and_resource, colour="green")
blue_resource = partial(definition_and_resource, colour="blue")


def unschedulable(site, namespace, *, limit_s=2):
    """A deployment for nodes of a label that none has."""
    own_namespace(namespace)
    deployment(namespace, opts=within(limit_s), **NOWHERE)
    config(namespace)


unschedulable_for_a_while = partial(unschedulable, limit_s=60)


def over_quota(site, namespace):
    own_namespace(namespace)
    quota = kubernetes.core.v1.ResourceQuota("tight", metadata={"name": "tight", "namespace": namespace}, spec={"hard": {"pods": "0"}})
    deployment(namespace, opts=ResourceOptions(depends_on=[quota]))


def privileged_pod(site, namespace):
    own_namespace(namespace, {"pod-security.kubernetes.io/enforce": "restricted"})
    kubernetes.core.v1.Pod(
        "root",
        metadata={"name": "root", "namespace": namespace},
        spec={"containers": [{"name": "main", "image": IMAGE, "security_context": {"privileged": True}}]},
    )


def secret(site, namespace, *, reference="env:CONFORMANCE_SECRET"):
    own_namespace(namespace)
    kubernetes.core.v1.Secret(
        "login", metadata={"name": "login", "namespace": namespace}, string_data={"password": referenced(reference), "user": "anna"}
    )


secret_that_does_not_resolve = partial(secret, reference="env:NO_SUCH_VARIABLE")


def generated_secret(site, namespace):
    own_namespace(namespace)
    kubernetes.core.v1.Secret(
        "login",
        metadata={"name": "login", "namespace": namespace},
        string_data={"password": generated()},
        opts=ResourceOptions(ignore_changes=["stringData", "data"]),
    )


def patched(site, namespace):
    """Two fields of an object that somebody else makes."""
    kubernetes.core.v1.ConfigMapPatch(
        "theirs", metadata={"name": "theirs", "namespace": "default", "labels": {"example.org/by": namespace}}, data={namespace: "ours"}
    )


def defaulted(site, namespace):
    """Everything that the server writes in another form, or completes, than it was sent."""
    own_namespace(namespace)
    deployment(
        namespace,
        container={
            "resources": {"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": {"cpu": "2000m", "memory": "2048Mi"}},
            "ports": [{"container_port": 8080}, {"container_port": 9090, "name": "metrics"}],
            "env": [{"name": "A", "value": ""}, {"name": "B", "value": "1"}],
            "readiness_probe": {"http_get": {"path": "/", "port": "metrics"}},
        },
        spec={"strategy": {"rolling_update": {"max_surge": "25%", "max_unavailable": 0}}},
        volumes=[{"name": "scratch", "empty_dir": {}}],
    )
    service(namespace, ports=[{"port": 80, "target_port": "metrics"}])
    kubernetes.networking.v1.NetworkPolicy(
        "deny", metadata={"name": "deny", "namespace": namespace}, spec={"pod_selector": {}, "policy_types": ["Ingress"], "ingress": []}
    )
    kubernetes.networking.v1.NetworkPolicy(
        "open", metadata={"name": "open", "namespace": namespace}, spec={"pod_selector": {}, "ingress": [{}]}
    )
    kubernetes.policy.v1.PodDisruptionBudget(
        "web", metadata={"name": "web", "namespace": namespace}, spec={"min_available": 1, "selector": {"match_labels": {"app": "web"}}}
    )
    kubernetes.core.v1.ResourceQuota(
        "quota",
        metadata={"name": "quota", "namespace": namespace},
        spec={"hard": {"requests.cpu": "64000m", "requests.memory": "262144Mi"}},
    )
    kubernetes.core.v1.ServiceAccount("runner", metadata={"name": "runner", "namespace": namespace, "annotations": {}})
    config(namespace, data={})
    kubernetes.batch.v1.CronJob(
        "nightly",
        metadata={"name": "nightly", "namespace": namespace},
        spec={"schedule": "0 3 * * *", "job_template": {"spec": {"template": pod_template("nightly", restart_policy="OnFailure")}}},
    )


def misspelt_field(site, namespace):
    own_namespace(namespace)
    deployment(namespace, spec={"replica": 3})


def bad_value(site, namespace):
    own_namespace(namespace)
    service(namespace, ports=[{"port": 99_999}])


def chain(site, namespace, *, links=("first", "second", "third")):
    """Each object needs the one before."""
    before = own_namespace(namespace)
    for name in links:
        before = config(namespace, name, opts=ResourceOptions(depends_on=[before]))


def cluster_wide(site, namespace):
    kubernetes.scheduling.v1.PriorityClass("urgent", metadata={"name": f"urgent-{namespace}"}, value=1000, description="for tests")
    kubernetes.rbac.v1.ClusterRole(
        "reader",
        metadata={"name": f"reader-{namespace}"},
        rules=[{"api_groups": [""], "resources": ["pods"], "verbs": ["get", "list"]}],
    )


def many(site, namespace):
    """Three times what the layer writes at once, so that in the middle of them most have not been sent."""
    own_namespace(namespace)
    for number in range(100):
        config(namespace, f"settings-{number:02}")


def stateful(site, namespace, *, replicas=2, image=IMAGE):
    own_namespace(namespace)
    kubernetes.apps.v1.StatefulSet(
        "store",
        metadata={"name": "store", "namespace": namespace},
        spec={
            "service_name": "store",
            "replicas": replicas,
            "selector": {"match_labels": {"app": "store"}},
            "template": pod_template("store", image),
        },
    )


stateful_new_image = partial(stateful, image="example.org/web:2")

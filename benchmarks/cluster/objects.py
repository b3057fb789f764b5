"""A stack of mixed objects as a Pulumi program: 30 in each of its namespaces, which are there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi_kubernetes as kubernetes

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site

EACH = 30
"""Objects in one namespace."""
_LABELS = {"app.kubernetes.io/part-of": "benchmark"}
_AT_ONCE = {"infra-kit.dev/wait": "none"}
"""kubectl does not wait until a Deployment is ready: to compare like with like, infra-kit is told not to."""


def namespaces(count: int) -> list[str]:
    """Their names."""
    return [f"benchmark-{number:02d}" for number in range(count)]


def program(_site: Site, count: str, greeting: str = "hello") -> None:
    """All objects of all namespaces.

    Args:
        _site: is not looked at.
        count: how many namespaces.
        greeting: a field of one object, to be changed.
    """
    for namespace in namespaces(int(count)):
        _settings(namespace, greeting if namespace.endswith("00") else "hello")
        _access(namespace)
        _network(namespace)
        _work(namespace)


def changed(site: Site, count: str) -> None:
    """The same with another field in one object."""
    program(site, count, "good day")


def _metadata(namespace: str, name: str, **more: Any) -> dict[str, Any]:
    return {"namespace": namespace, "name": name, "labels": _LABELS, **more}


def _settings(namespace: str, greeting: str) -> None:
    core = kubernetes.core.v1
    for number in range(6):
        data = {"greeting": greeting if number == 0 else "hello", "settings.yaml": f"number: {number}\n" + "key: value\n" * 40}
        core.ConfigMap(f"{namespace}-settings-{number}", metadata=_metadata(namespace, f"settings-{number}"), data=data)
    for number in range(4):
        text = {"user": "somebody", "token": f"not-a-secret-{number}"}
        core.Secret(f"{namespace}-login-{number}", metadata=_metadata(namespace, f"login-{number}"), string_data=text)
    limits = [{"type": "Container", "default": {"cpu": "1", "memory": "1Gi"}, "default_request": {"cpu": "100m", "memory": "128Mi"}}]
    core.LimitRange(f"{namespace}-limits", metadata=_metadata(namespace, "limits"), spec={"limits": limits})


def _access(namespace: str) -> None:
    for number in range(3):
        name = f"runner-{number}"
        kubernetes.core.v1.ServiceAccount(f"{namespace}-{name}", metadata=_metadata(namespace, name))
        rules = [{"api_groups": [""], "resources": ["pods", "pods/log", "configmaps"], "verbs": ["get", "list", "watch"]}]
        kubernetes.rbac.v1.Role(f"{namespace}-{name}-role", metadata=_metadata(namespace, name), rules=rules)
        kubernetes.rbac.v1.RoleBinding(
            f"{namespace}-{name}-binding",
            metadata=_metadata(namespace, name),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            subjects=[{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        )


def _network(namespace: str) -> None:
    for number in range(3):
        app = {"app": f"web-{number}"}
        ports = [{"name": "http", "port": 80, "target_port": 8080}, {"name": "metrics", "port": 9090}]
        spec = {"selector": app, "ports": ports}
        kubernetes.core.v1.Service(f"{namespace}-web-{number}", metadata=_metadata(namespace, f"web-{number}"), spec=spec)
        sources = [{"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "ingress"}}}]
        kubernetes.networking.v1.NetworkPolicy(
            f"{namespace}-web-{number}-in",
            metadata=_metadata(namespace, f"web-{number}"),
            spec={"pod_selector": {"match_labels": app}, "ingress": [{"from": sources, "ports": [{"port": 8080}]}]},
        )


def _work(namespace: str) -> None:
    for number in range(2):
        app = {"app": f"web-{number}"}
        kubernetes.apps.v1.Deployment(
            f"{namespace}-web-{number}-pods",
            metadata=_metadata(namespace, f"web-{number}", annotations=_AT_ONCE),
            spec={
                "replicas": 1,
                "selector": {"match_labels": app},
                "template": {"metadata": {"labels": {**_LABELS, **app}}, "spec": _pod("web")},
            },
        )
    selector = {"match_labels": {"app": "web-0"}}
    budget = {"min_available": 1, "selector": selector}
    kubernetes.policy.v1.PodDisruptionBudget(f"{namespace}-budget", metadata=_metadata(namespace, "web"), spec=budget)
    template = {"spec": _pod("nightly", restart_policy="OnFailure")}
    kubernetes.batch.v1.CronJob(
        f"{namespace}-nightly",
        metadata=_metadata(namespace, "nightly"),
        spec={"schedule": "0 3 * * *", "job_template": {"spec": {"template": template}}},
    )


def _pod(name: str, **more: Any) -> dict[str, Any]:
    container = {
        "name": name,
        "image": f"registry.example.internal/{name}:1",
        "ports": [{"name": "http", "container_port": 8080}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
        "readiness_probe": {"http_get": {"path": "/ready", "port": "http"}},
        "env": [{"name": "MODE", "value": "benchmark"}],
    }
    return {"containers": [container], **more}

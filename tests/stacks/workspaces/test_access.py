"""Who may do what: a table of questions to the real API server's own authorizer."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

MINE, THEIRS, SERVICES = "atelier-user-ada", "atelier-user-grace", "atelier"


@dataclass(frozen=True)
class Probe:
    """Whether somebody may do something somewhere."""

    who: str
    groups: tuple[str, ...]
    verb: str
    resource: str
    """`pods`, `pods/exec`, `apps/deployments`."""
    namespace: str
    allowed: bool

    def review(self) -> dict:
        group, _, rest = self.resource.rpartition(":")
        resource, _, subresource = rest.partition("/")
        attributes = {"namespace": self.namespace, "verb": self.verb, "group": group, "resource": resource, "subresource": subresource}
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": self.who, "groups": ["system:authenticated", *self.groups], "resourceAttributes": attributes},
        }


def account(namespace: str, name: str) -> tuple[str, tuple[str, ...]]:
    return f"system:serviceaccount:{namespace}:{name}", ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")


EVERYTHING = ["pods", "pods/log", "pods/exec", "secrets", "configmaps", "services", "apps:deployments", "batch:jobs"]
NEVER = [
    "serviceaccounts/token",
    "resourcequotas",
    "limitranges",
    "networking.k8s.io:networkpolicies",
    "rbac.authorization.k8s.io:rolebindings",
]


def table() -> list[Probe]:
    ada, grace, edsger, stranger = ("ada", ()), ("grace", ()), ("edsger", ()), ("stranger", ())
    member = ("somebody", ("risk-science",))
    hub, spark = account(SERVICES, "hub"), account(MINE, "spark")
    rows: list[tuple] = []
    # A user: everything in their own namespace but what bounds them, nothing in another's, a look at the services.
    rows += [(ada, "get", resource, MINE, True) for resource in EVERYTHING]
    rows += [(ada, "create", resource, MINE, True) for resource in ("pods", "pods/exec", "secrets", "apps:deployments", "batch:jobs")]
    rows += [(ada, "create", resource, MINE, False) for resource in NEVER]
    rows += [(ada, "update", "resourcequotas", MINE, False), (ada, "delete", "networking.k8s.io:networkpolicies", MINE, False)]
    rows += [(ada, "create", "persistentvolumeclaims", MINE, False), (ada, "update", "batch:cronjobs", MINE, False)]
    rows += [(ada, verb, resource, THEIRS, False) for resource in EVERYTHING for verb in ("get", "create")]
    rows += [(ada, "get", "pods", SERVICES, True), (ada, "get", "apps:deployments", SERVICES, True)]
    rows += [(ada, verb, "secrets", SERVICES, False) for verb in ("get", "list", "watch", "create")]
    rows += [(ada, verb, resource, SERVICES, False) for resource in ("pods/exec", "pods/log", "pods", "configmaps") for verb in ("create",)]
    rows += [(ada, "get", "pods", "kube-system", False), (ada, "list", "secrets", "", False), (ada, "list", "pods", "", False)]
    rows += [(ada, "list", "namespaces", "", False), (ada, "get", "nodes", "", False), (ada, "list", "persistentvolumes", "", False)]
    # An administrator: sees and ends, but starts nothing with others and reads nobody's secrets.
    rows += [(grace, "get", "secrets", THEIRS, True), (grace, "create", "pods", THEIRS, True)]
    rows += [(grace, verb, "pods", MINE, True) for verb in ("get", "list", "delete")] + [(grace, "get", "pods/log", MINE, True)]
    rows += [
        (grace, "delete", "batch:jobs", MINE, True),
        (grace, "delete", "pods", SERVICES, True),
        (grace, "get", "pods/log", SERVICES, True),
    ]
    rows += [
        (grace, verb, resource, MINE, False) for resource in ("secrets", "pods/exec", "pods/portforward") for verb in ("get", "create")
    ]
    rows += [
        (grace, "create", "pods", MINE, False),
        (grace, "create", "batch:jobs", MINE, False),
        (grace, "get", "secrets", SERVICES, False),
    ]
    rows += [(grace, "update", "apps:deployments", SERVICES, False), (grace, "update", "resourcequotas", MINE, False)]
    # Viewers, by name and by the team's group.
    for viewer in (edsger, member):
        rows += [(viewer, "get", resource, SERVICES, True) for resource in ("pods", "services", "apps:deployments", "batch:cronjobs")]
        rows += [(viewer, "get", "secrets", SERVICES, False), (viewer, "create", "pods", SERVICES, False)]
        rows += [(viewer, "get", "pods", MINE, False), (viewer, "get", "secrets", MINE, False)]
    rows += [(stranger, "get", resource, namespace, False) for resource in ("pods", "secrets") for namespace in (MINE, SERVICES)]
    # The hub: sessions of its own users, and nothing else anywhere.
    rows += [(hub, verb, "pods", namespace, True) for verb in ("create", "delete", "watch") for namespace in (MINE, THEIRS)]
    rows += [(hub, "get", "persistentvolumeclaims", MINE, True), (hub, "get", "events", MINE, True)]
    rows += [(hub, verb, "secrets", namespace, False) for verb in ("get", "list", "create") for namespace in (MINE, SERVICES)]
    rows += [(hub, verb, "pods", namespace, False) for verb in ("create", "list") for namespace in ("kube-system", "default", SERVICES)]
    rows += [(hub, "create", "namespaces", "", False), (hub, "list", "pods", "", False), (hub, "create", "pods/exec", MINE, False)]
    # Spark's drivers: executors in their own namespace.
    rows += [
        (spark, verb, resource, MINE, True) for resource in ("pods", "services", "configmaps") for verb in ("create", "delete", "watch")
    ]
    rows += [(spark, verb, "pods", namespace, False) for verb in ("create", "list") for namespace in (THEIRS, SERVICES, "default")]
    rows += [(spark, "get", "secrets", MINE, False), (spark, "create", "pods/exec", MINE, False), (spark, "list", "nodes", "", False)]
    # Nobody by default.
    rows += [(account(MINE, "default"), verb, "pods", MINE, False) for verb in ("list", "create")]
    return [Probe(who, groups, *rest) for (who, groups), *rest in rows]


def test_the_table_is_as_the_api_server_sees_it(atelier):
    probes = table()
    assert len(probes) >= 120
    asked = json.dumps({"apiVersion": "v1", "kind": "List", "items": [probe.review() for probe in probes]})
    answers = atelier.plane.kubectl("create", "-f", "-", "-o", 'jsonpath={.status.allowed}{"\\n"}', stdin=asked).stdout.split()
    wrong = [
        f"{probe.who} {probe.verb} {probe.resource} in {probe.namespace or '(cluster)'}: {answer}"
        for probe, answer in zip(probes, answers, strict=True)
        if (answer == "true") != probe.allowed
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("question", "answer"),
    [(("get", "secrets", "-n", THEIRS), "no"), (("get", "secrets", "-n", MINE), "yes"), (("create", "pods", "-n", THEIRS), "no")],
)
def test_kubectl_says_the_same_of_a_user(atelier, question, answer):
    assert atelier.plane.kubectl("auth", "can-i", *question, "--as=ada", check=False).stdout.strip() == answer

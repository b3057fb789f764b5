"""Small programs that the tests evaluate."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi import CustomTimeouts, ResourceOptions

from infra_kit.stacks.parts.secret import generated, referenced


class Part(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:part:Part", name, None, opts)


def whole(site, name="a"):
    """One of everything that an object can carry."""
    root = Part(name)
    database = Part("database", ResourceOptions(parent=root))
    web = Part("web", ResourceOptions(parent=root))
    namespace = kubernetes.core.v1.Namespace(
        "namespace", metadata={"name": name, "labels": {"app.kubernetes.io/managed-by": "somebody"}}, opts=ResourceOptions(parent=root)
    )
    login = kubernetes.core.v1.Secret(
        "login",
        metadata={"name": "login", "namespace": namespace.metadata.name},
        string_data={"token": pulumi.Output.secret(referenced("env:TOKEN")), "password": generated()},
        opts=ResourceOptions(parent=database, ignore_changes=["string_data"], retain_on_delete=True),
    )
    kubernetes.apps.v1.Deployment(
        "web",
        metadata={"name": "web", "namespace": name},
        spec={
            "replicas": 2,
            "selector": {"match_labels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1", "ports": [{"container_port": 80}]}]},
            },
        },
        opts=ResourceOptions(parent=web, depends_on=[database], custom_timeouts=CustomTimeouts(create="1m30s")),
    )
    kubernetes.core.v1.ConfigMapPatch("patch", metadata={"name": "others", "namespace": name}, data={"under_score": "x"})
    kubernetes.apiextensions.CustomResource(
        "thing", "example.com/v1", "Thing", spec={"some_key": 1.5}, metadata={"name": "thing", "namespace": name}
    )
    kubernetes.apiextensions.v1.CustomResourceDefinition(
        "things",
        metadata={"name": "things.example.com"},
        spec={
            "group": "example.com",
            "names": {"kind": "Thing", "plural": "things"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True}],
        },
    )
    pulumi.export("name", namespace.metadata.name)
    pulumi.export("token", login.string_data["token"])


def many(site, number="100"):
    """As many objects as a workspace has."""
    root = Part("many")
    for each in range(int(number)):
        metadata = {"name": f"c{each}", "namespace": "many", "labels": {"a": "b"}}
        kubernetes.core.v1.ConfigMap(f"c{each}", metadata=metadata, data={"x": "y"}, opts=ResourceOptions(parent=root))


def noisy(site):
    print("not for the exchange")  # noqa: T201
    os.system("echo nor this")
    kubernetes.core.v1.Namespace("n", metadata={"name": "n"})


def failing(site):
    raise KeyError("no such thing")


def misused(site):
    kubernetes.core.v1.ConfigMap("c", metadata={"name": "c"}, data=3)


def hanging(site, mark):
    file = Path(mark)
    file.with_suffix(".new").write_text(str(os.getpid()))
    file.with_suffix(".new").rename(file)
    time.sleep(3600)


def dying(site):
    os.write(2, b"out of cheese\n")
    os._exit(7)


def twice(site):
    kubernetes.core.v1.ConfigMap("first", metadata={"name": "c", "namespace": "n"})
    kubernetes.core.v1.ConfigMap("second", metadata={"name": "c", "namespace": "n"})


def nameless(site):
    kubernetes.core.v1.ConfigMap("c", metadata={"namespace": "n"})


def foreign(site):
    class Password(pulumi.CustomResource):
        def __init__(self):
            super().__init__("random:index/randomPassword:RandomPassword", "pw", {"length": 3})

    Password()


def exposed(site):
    kubernetes.core.v1.ConfigMap("c", metadata={"name": "c", "namespace": "n"}, data={"x": f"token: {referenced('env:TOKEN')}"})


def protected(site):
    kubernetes.core.v1.ConfigMap("c", metadata={"name": "c", "namespace": "n"}, opts=ResourceOptions(protect=True))


def reading(site):
    kubernetes.core.v1.ConfigMap.get("c", "n/c")


def calling(site):
    kubernetes.yaml.v2.ConfigGroup("c", yaml="kind: X")
    kubernetes.yaml.ConfigGroup("d", yaml=["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}"])


def circle(site):
    config = kubernetes.core.v1.ConfigMap("c", metadata={"name": "c", "namespace": "n"})
    kubernetes.core.v1.Namespace("n", metadata={"name": "n"}, opts=ResourceOptions(depends_on=[config]))


def namesakes(site):
    for namespace in ("a", "b"):
        kubernetes.core.v1.ConfigMap("c", metadata={"name": "c", "namespace": namespace})


def referring(site):
    namespace = kubernetes.core.v1.Namespace("n", metadata={"name": "n"})
    kubernetes.core.v1.ConfigMap("c", metadata={"name": "c", "namespace": "n"}, data={"x": namespace})

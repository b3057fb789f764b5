"""The auth proxy: the one way in to deployed models, and to what browsers see of MLflow, Spark's history and the applications.

Two containers in each of its two pods: nginx, which knows hosts and paths, and the gate, which nginx asks about every request
(`auth_request`) whether it may pass. Ways to a model:

| call | model known by | key |
|---|---|---|
| `https://MODEL.models.WORKSPACE.DOMAIN/invocations` | host | `Authorization: Bearer KEY` |
| `http://auth-proxy.WORKSPACE.svc.cluster.local:8080/models/MODEL/invocations` | path | likewise |
| `POST /model`, body `{"accessKey": ..., "request": ...}` (CML's form), on `modelservice.` too | access key in the body | likewise |

KEY is the model's own API key (Secret `model-MODEL`) or a user's token of the hub; none is asked for where the inventory sets
`authentication: false`. An access key that comes in the header `X-Access-Key` must be the model's. nginx cannot route by a body, so
calls in CML's form go through the gate, which also puts request and answer into CML's form.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap

from infra_kit.stacks.parts.deployment import LEAVES_AFTER_S, Workload, another_name, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.ingress import expose
from infra_kit.stacks.parts.pod import Container, Pod, http_probe
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.workspaces import credentials
from infra_kit.stacks.workspaces.hub import GATE_CLIENT, LOGIN_HOST
from infra_kit.stacks.workspaces.services import service
from infra_kit.stacks.workspaces.serving import ACCESS_KEY, API_KEY, key_secret, model_crn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi import Resource

    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.credentials import Credentials
    from infra_kit.stacks.workspaces.serving import Serving

NAME = "auth-proxy"
MODEL_SERVICE = "modelservice"
"""CML's name of where models are called: a Service and a host beside the proxy's own."""
COOKIE = "infra-kit-login"
_IMAGE, _GATE_IMAGE = "auth-proxy", "operations"
_CONFIGURATION = "/etc/auth-proxy"
_KEYS = "/etc/auth-proxy-keys"
_GATE_PORT = 9000
_LARGEST_CALL = "20m"
_NGINX_CPU, _NGINX_MEMORY = "50m", "96Mi"
_GATE_CPU, _GATE_MEMORY = "50m", "160Mi"
"""Together the row's in `data/services.yaml`."""


def pages(context: Context) -> list[dict[str, str]]:
    """What browsers see behind the login: host and address inside."""
    names, workspace = context.names, context.workspace
    found = []
    if workspace.experiments:
        found.append({"host": names.host("mlflow"), "address": f"http://{names.address('mlflow')}"})
    if workspace.spark.enabled:
        found.append({"host": names.host("spark-history"), "address": f"http://{names.address('spark-history')}"})
    for each in workspace.applications:
        address = f"http://{each.name}.{names.services}.svc.cluster.local:{each.port}"
        found.append({"host": names.host(each.name), "address": address})
    return found


def configuration(context: Context) -> dict[str, str]:
    """The files of nginx and of the gate, by name."""
    names, ingress = context.names, context.kubernetes.ingress
    port = service("models").port
    models = [
        {
            "name": model.name,
            "host": names.model_host(model.name) if ingress else "",
            "address": f"http://{model.name}.{names.services}.svc.cluster.local:{port}",
            "authentication": model.authentication,
            "crn": model_crn(context, model),
        }
        for model in context.workspace.models
    ]
    shown = pages(context) if ingress else []
    common = {"workspace": context.workspace.name, "cookie": COOKIE}
    settings: dict[str, Any] = {
        "models": {str(model["name"]): {key: model[key] for key in ("address", "authentication", "crn")} for model in models},
        "hub": f"http://{names.address('hub')}/hub/api",
        "client": GATE_CLIENT,
        "callback": f"https://{names.host(LOGIN_HOST)}/callback",
        "authorize": f"https://{names.host('hub')}/hub/api/oauth2/authorize",
        "pages": [page["host"] for page in shown],
    }
    nginx = rendered(
        "workspaces/auth_proxy.conf.j2",
        **common,
        port=service(NAME).port,
        gate_port=_GATE_PORT,
        largest_call=_LARGEST_CALL,
        models=models,
        login_host=names.host(LOGIN_HOST) if ingress else "",
        pages=shown,
    )
    return {
        "nginx.conf": nginx,
        "gate.py": rendered("workspaces/gate.py.j2", **common),
        "gate.json": json.dumps(settings, indent=1, sort_keys=True),
    }


class AuthProxy(ComponentResource):
    """Makes the proxy, the second name of its Service, and the way in from outside."""

    def __init__(self, context: Context, secrets: Credentials, serving: Serving, parent: Resource, *shown: Resource) -> None:
        super().__init__("infra-kit:workspaces:AuthProxy", context.names.cluster_wide(NAME), None, ResourceOptions(parent=parent))
        place = context.services(self)
        files = configuration(context)
        config = ConfigMap(place.logical(NAME), metadata=place.metadata(NAME, NAME), data=files, opts=place.options())
        # nginx looks its targets up when it starts, and does not start where one has no address.
        needed = [config, secrets.hub, *serving.keys.values(), *serving.services.values(), *shown]
        workload = self._workload(context, tuple(files.values()))
        another_name(place, MODEL_SERVICE, workload, deploy(place, workload, *needed))
        if context.kubernetes.ingress:
            names = context.names
            hosts = [names.host(MODEL_SERVICE), names.host(LOGIN_HOST), *(page["host"] for page in pages(context))]
            hosts += [names.model_host(model.name) for model in context.workspace.models]
            expose(place, NAME, hosts[0], NAME, "http", *hosts[1:])
        self.register_outputs({})

    @staticmethod
    def _containers(context: Context) -> Sequence[Container]:
        port = service(NAME).port
        mount = {"name": "configuration", "mountPath": _CONFIGURATION, "readOnly": True}
        nginx = Container(
            name="nginx",
            image=image(context.site, _IMAGE),
            command=["nginx", "-c", f"{_CONFIGURATION}/nginx.conf", "-g", "daemon off;"],
            ports={"http": port},
            cpu=_NGINX_CPU,
            memory=_NGINX_MEMORY,
            readiness=http_probe("/healthz", "http", period_s=2),  # of the gate, through nginx
            liveness=http_probe("/healthz", "http", period_s=20, failures=5),
            leaves_after_s=LEAVES_AFTER_S,
            mounts=[mount],
        )
        gate = Container(
            name="gate",
            image=image(context.site, _GATE_IMAGE),
            command=["python3", f"{_CONFIGURATION}/gate.py"],
            env={"GATE_SETTINGS": f"{_CONFIGURATION}/gate.json", "GATE_KEYS": _KEYS, "GATE_PORT": str(_GATE_PORT), "PYTHONUNBUFFERED": "1"},
            cpu=_GATE_CPU,
            memory=_GATE_MEMORY,
            # It listens on the pod's loopback, where the kubelet does not come.
            liveness=http_probe("/healthz", port, period_s=20, failures=5),
            leaves_after_s=LEAVES_AFTER_S + 2,  # nginx asks it to its last request
            mounts=[mount, {"name": "keys", "mountPath": _KEYS, "readOnly": True}],
        )
        return (nginx, gate)

    def _workload(self, context: Context, files: tuple[str, ...]) -> Workload:
        row = service(NAME)
        own = {"name": credentials.HUB_SECRET, "items": [{"key": credentials.GATE_KEY, "path": "gate"}]}
        keys = [
            {"name": key_secret(model.name), "items": [{"key": key, "path": f"models/{model.name}/{key}"} for key in (ACCESS_KEY, API_KEY)]}
            for model in context.workspace.models
        ]
        volumes: list[dict[str, Any]] = [
            {"name": "configuration", "configMap": {"name": NAME}},
            {"name": "keys", "projected": {"sources": [{"secret": each} for each in (own, *keys)]}},
        ]
        return Workload(
            name=NAME,
            pod=Pod(containers=self._containers(context), volumes=volumes, uid=context.site.catalog.images[_IMAGE].uid, grace_s=60),
            ports={"http": row.port},
            replicas=context.replicas(row.replicas),
            configuration=files,
        )

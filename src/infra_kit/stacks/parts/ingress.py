"""How browsers and model clients get in: the one ingress class of the platform, and the Ingress of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_kubernetes.networking.v1 import Ingress

    from infra_kit.stacks.parts.place import Place

INGRESS_CLASS = "platform"
"""The cluster's default class. No annotation of a controller is needed: its settings (uploads, websockets, TLS) hold for all."""
HTTP_NODE_PORT = 30080
HTTPS_NODE_PORT = 30443
"""On every worker with a controller: where the edge server's proxy sends ports 80 and 443."""


def expose(place: Place, name: str, host: str, service: str, port: str, *hosts: str) -> Ingress:
    """Let the world in to a Service.

    Args:
        place: the Service's namespace, which also needs `allow_from_ingress`.
        name: the Ingress's name.
        host: the host name, beneath `kubernetes.ingress.domain`.
        service: the Service's name.
        port: the name of the Service's port.
        hosts: further host names of the same Service.
    """
    from pulumi_kubernetes.networking.v1 import Ingress

    backend = {"service": {"name": service, "port": {"name": port}}}
    spec: Any = {
        "ingressClassName": INGRESS_CLASS,
        "rules": [{"host": each, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}} for each in (host, *hosts)],
        # No secret is named: the controller answers with the platform's own certificate.
        "tls": [{"hosts": [host, *hosts]}],
    }
    return Ingress(place.logical(name), metadata=place.metadata(name, name), spec=spec, opts=place.options())

"""The ingress controller: two or more Traefiks on workers in different racks, behind the edge servers' proxies.

Why Traefik: it takes plain Ingress objects, needs no definitions of its own, no root and no writable file system. (The controller that
most clusters had, ingress-nginx, gets no security fixes since March 2026.)

Why node ports: a host port or the host's network would need a Pod Security exception and allow one replica a node, so that a rolling
update could not bring the new one beside the old one. The edge servers, which hold the public addresses, send 80 and 443 to these ports
of all workers; `externalTrafficPolicy: Local` keeps the client's address, and workers without a controller fail the proxies' checks.

Why no admission webhook: a controller that checks Ingresses when they are made has to answer before any can be; when it is away nobody
could deploy. A broken Ingress here is logged and ignored, and harms only itself.

A certificate is the platform's own, by reference in the inventory; without one Traefik makes one that no browser trusts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap, Secret
from pulumi_kubernetes.networking.v1 import IngressClass

from infra_kit.stacks.parts.accounts import account
from infra_kit.stacks.parts.deployment import Deployed, Workload, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.ingress import HTTP_NODE_PORT, HTTPS_NODE_PORT, INGRESS_CLASS
from infra_kit.stacks.parts.network_policies import allow, allow_api_server, allow_from_monitoring
from infra_kit.stacks.parts.pod import Container, Pod, http_probe
from infra_kit.stacks.parts.secret import referenced
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.platform.frame import INGRESS, cluster_wide, inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi import Resource

    from infra_kit.inventory.models import kubernetes
    from infra_kit.inventory.models.site import Site

NAME = "traefik"
CONTROLLER = "traefik.io/ingress-controller"
STATUS_PORT = 9100
LEAVES_S = 10
"""How long a controller that is going still takes new connections: two checks of the edge's proxies, which ask every 5 s at most."""
DRAINS_S = 30
"""How long requests in flight may take after that."""

RULES: list[dict[str, Any]] = [
    {"apiGroups": [""], "resources": ["services", "secrets", "nodes"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingressclasses"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses/status"], "verbs": ["update"]},
]
"""What it may ask the API server. It watches all Secrets, for Ingresses that name one of their own: so nobody but infra-kit may create
pods in its namespace, and it alone runs under its account."""


class IngressController(ComponentResource):
    """Makes the controller and its class.

    Args:
        site: the site.
        settings: the inventory's `kubernetes.ingress`.
        ground: what must be there before anything in the namespace.
        parent: the platform.
    """

    def __init__(self, site: Site, settings: kubernetes.Ingress, ground: Iterable[Resource], parent: Resource) -> None:
        super().__init__("infra-kit:platform:IngressController", "ingress", None, ResourceOptions(parent=parent))
        self._site = site
        self._settings = settings
        self._place = place = inside(INGRESS, self, *ground)
        wide = cluster_wide(self)
        IngressClass(
            INGRESS_CLASS,
            metadata=wide.metadata(INGRESS_CLASS, NAME, annotations={"ingressclass.kubernetes.io/is-default-class": "true"}),
            spec={"controller": CONTROLLER},
            opts=wide.options(),
        )
        self._configuration = {
            "traefik.yaml": rendered(
                "platform/traefik.yaml.j2",
                trusted=_edge_addresses(site),
                accept_s=LEAVES_S,
                grace_s=DRAINS_S,
                ingress_class=INGRESS_CLASS,
                domain=settings.domain,
            ),
            "tls.yaml": rendered("platform/traefik-tls.yaml.j2", certificate=self._has_certificate),
        }
        files = ConfigMap(place.logical(NAME), metadata=place.metadata(NAME, NAME), data=self._configuration, opts=place.options())
        needed: list[Resource] = [files, *account(place, NAME, cluster_rules=RULES)]
        if self._has_certificate:
            needed.append(self._certificate())
        deployed = deploy(place, self._workload(), *needed)
        self._openings(deployed)
        self.register_outputs({})

    @property
    def _has_certificate(self) -> bool:
        return self._settings.certificate is not None and self._settings.key is not None

    def _certificate(self) -> Secret:
        place = self._place
        return Secret(
            place.logical("certificate"),
            metadata=place.metadata("certificate", NAME),
            type="kubernetes.io/tls",
            string_data={"tls.crt": referenced(str(self._settings.certificate)), "tls.key": referenced(str(self._settings.key))},
            opts=place.options(),
        )

    def _workload(self) -> Workload:
        mounts = [{"name": "configuration", "mountPath": "/etc/traefik", "readOnly": True}]
        volumes: list[dict[str, Any]] = [{"name": "configuration", "configMap": {"name": NAME}}]
        if self._has_certificate:
            mounts.append({"name": "certificate", "mountPath": "/certificate", "readOnly": True})
            volumes.append({"name": "certificate", "secret": {"secretName": "certificate"}})
        probe = http_probe("/ping", "status", period_s=5)
        container = Container(
            name=NAME,
            image=image(self._site, NAME),
            args=("--configFile=/etc/traefik/traefik.yaml",),
            ports={"web": 8000, "websecure": 8443, "status": STATUS_PORT},
            cpu="500m",
            memory="512Mi",
            readiness=probe,
            liveness=http_probe("/ping", "status", failures=6),  # while it drains, /ping says 503 on purpose
            mounts=mounts,
        )
        pod = Pod(
            containers=[container],
            priority="platform-critical",
            service_account=NAME,
            uid=self._site.catalog.images[NAME].uid,
            volumes=volumes,
            grace_s=LEAVES_S + DRAINS_S + 5,
        )
        return Workload(
            name=NAME,
            pod=pod,
            replicas=self._settings.replicas,
            configuration=tuple(self._configuration.values()),
            ports={"web": 80, "websecure": 443},
            node_ports={"web": HTTP_NODE_PORT, "websecure": HTTPS_NODE_PORT},
            service={"externalTrafficPolicy": "Local"},
        )

    def _openings(self, deployed: Deployed) -> None:
        place = self._place
        allow(place, "allow-clients", pods=deployed.pods, from_=[{"ipBlock": {"cidr": "0.0.0.0/0"}}], tcp=[8000, 8443])
        # Any application of any namespace may be behind an Ingress; each of them says for itself whether it lets the controller in.
        allow(place, "allow-applications", pods=deployed.pods, to=[{"namespaceSelector": {}}])
        allow_api_server(place, self._site, NAME, deployed.pods)
        allow_from_monitoring(place, STATUS_PORT)


def _edge_addresses(site: Site) -> list[str]:
    """Addresses of the edge servers, whose proxies stand in front."""
    edges = [server for server in site.servers if server.role == "edge"]
    return [f"{entry.address}/32" for server in edges for bond in server.bonds for entry in bond.addresses]

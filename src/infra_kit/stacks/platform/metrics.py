"""metrics-server: what pods and nodes use now, which autoscalers and `kubectl top` ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.apiregistration.v1 import APIService
from pulumi_kubernetes.rbac.v1 import ClusterRole, RoleBinding

from infra_kit.stacks.parts.accounts import RBAC, account, subject
from infra_kit.stacks.parts.deployment import Workload, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.network_policies import allow, allow_api_server, allow_from_api_server
from infra_kit.stacks.parts.pod import Container, Pod, http_probe
from infra_kit.stacks.platform.frame import PLATFORM, cluster_wide, inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi import Resource

    from infra_kit.inventory.models.site import Site

NAME = "metrics-server"
PORT = 10250
KUBELET_PORT = 10250
CLUSTER_CA = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
RULES: list[dict[str, Any]] = [
    {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"]},
]


class Metrics(ComponentResource):
    """Makes metrics-server and registers its API.

    Args:
        site: the site.
        ground: what must be there before anything in the namespace.
        parent: the platform.
    """

    def __init__(self, site: Site, ground: Iterable[Resource], parent: Resource) -> None:
        super().__init__("infra-kit:platform:Metrics", "metrics", None, ResourceOptions(parent=parent))
        self._site = site
        self._place = place = inside(PLATFORM, self, *ground)
        rights = account(place, NAME, cluster_rules=RULES, cluster_roles=("system:auth-delegator",))
        deployed = deploy(place, self._workload(), *rights, self._reads_authentication(), self._readers())
        # An API that is registered and does not answer keeps every namespace of the cluster from being deleted (the condition
        # NamespaceDeletionDiscoveryFailure). So it comes after the pods are ready; and not at all in the lab, whose nodes start no
        # containers.
        if site.site.access == "live":
            self._registration(deployed.deployment)
        allow_api_server(place, site, NAME, deployed.pods)
        allow_from_api_server(place, site, NAME, deployed.pods, PORT)
        nodes = [{"ipBlock": {"cidr": f"{address}/32"}} for address in _node_addresses(site)]
        allow(place, "allow-kubelets", pods=deployed.pods, to=nodes, tcp=[KUBELET_PORT])
        self.register_outputs({})

    def _workload(self) -> Workload:
        probe = http_probe("/readyz", "https")
        https = {"scheme": "HTTPS"}
        container = Container(
            name=NAME,
            image=image(self._site, NAME),
            args=(
                "--cert-dir=/tmp",
                f"--secure-port={PORT}",
                "--kubelet-preferred-address-types=InternalIP,Hostname",
                "--kubelet-use-node-status-port",
                "--metric-resolution=15s",
                # The kubelets' certificates are the cluster CA's; a foreign one is not believed, nor given this account's token.
                f"--kubelet-certificate-authority={CLUSTER_CA}",
            ),
            ports={"https": PORT},
            cpu="100m",
            memory="400Mi",
            readiness=probe | {"httpGet": probe["httpGet"] | https},
            liveness=probe | {"httpGet": probe["httpGet"] | https | {"path": "/livez"}},
            leaves_after_s=5,
        )
        pod = Pod(
            containers=[container],
            priority="platform-critical",
            service_account=NAME,
            uid=self._site.catalog.images[NAME].uid,
        )
        return Workload(name=NAME, pod=pod, ports={"https": 443})

    def _reads_authentication(self) -> RoleBinding:
        """It reads how the API server authenticates itself and its callers, which is written in kube-system."""
        place = inside("kube-system", self)
        role = "extension-apiserver-authentication-reader"
        subjects: Any = [subject(PLATFORM, NAME)]
        return RoleBinding(
            place.logical(NAME),
            metadata=place.metadata(NAME, NAME),
            role_ref={"api_group": RBAC, "kind": "Role", "name": role},
            subjects=subjects,
            opts=place.options(),
        )

    def _readers(self) -> ClusterRole:
        """Whoever may look at pods may look at what they use."""
        place = cluster_wide(self)
        metadata = place.metadata("infra-kit-metrics-reader", NAME)
        metadata["labels"] |= {f"rbac.authorization.k8s.io/aggregate-to-{role}": "true" for role in ("view", "edit", "admin")}
        rules: Any = [{"apiGroups": ["metrics.k8s.io"], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"]}]
        return ClusterRole("infra-kit-metrics-reader", metadata=metadata, rules=rules, opts=place.options())

    def _registration(self, *after: Resource) -> None:
        """The API `metrics.k8s.io`; an apply waits until it answers.

        Each replica makes its own certificate at its start, so none can be named here (`insecureSkipTLSVerify`); who answers is bounded by
        the Service and the network policies instead, and what is asked is no secret.
        """
        place = cluster_wide(self)
        name = "v1beta1.metrics.k8s.io"
        spec: Any = {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"namespace": PLATFORM, "name": NAME, "port": 443},
        }
        APIService(name, metadata=place.metadata(name, NAME), spec=spec, opts=place.options(*after))


def _node_addresses(site: Site) -> list[str]:
    assert site.kubernetes is not None, "a platform's program runs only where there is a platform"
    names = [*site.kubernetes.control_plane, *site.kubernetes.workers]
    servers = [site.server_by_name[name] for name in names]
    return [str(entry.address) for server in servers for bond in server.bonds for entry in bond.addresses]

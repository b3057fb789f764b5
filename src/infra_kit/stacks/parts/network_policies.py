"""Network policies: everything is denied in a namespace, and then opened one purpose at a time.

Policies add up, so each opening is an object of its own whose name says what it is for; `kubectl get networkpolicy` reads as a list of
what may talk to what. Two facts of the API to keep in mind (https://kubernetes.io/docs/concepts/services-networking/network-policies/):

- A packet to a Service is judged by the pod (or node) that it ends at, and by that one's port: not by the Service's address or port.
- What the kubelet does is not the pod's traffic: probes, image pulls and NFS mounts need no opening.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_kubernetes.networking.v1 import NetworkPolicy

    from infra_kit.inventory.models.site import Site
    from infra_kit.stacks.parts.place import Place

INGRESS_NAMESPACE = "ingress"
MONITORING_NAMESPACE = "monitoring"
DNS_NAMESPACE = "kube-system"
DNS_PODS = {"k8s-app": "kube-dns"}
"""Labels that kubeadm gives to its CoreDNS pods."""
DNS_PORT = 53
API_SERVER_PORT = 6443
"""Where kubeadm's API servers listen on their nodes."""

Peer = dict[str, Any]


def pods_in(namespace: str, pods: Mapping[str, str] | None = None) -> Peer:
    """The peer that is a namespace's pods: all, or those with these labels."""
    # The label `kubernetes.io/metadata.name` is set by the API server itself; nobody can give it to another namespace.
    found: Peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    if pods is not None:
        found["podSelector"] = {"matchLabels": dict(pods)}
    return found


def pods_here(pods: Mapping[str, str] | None = None) -> Peer:
    """The peer that is pods of the policy's own namespace: all, or those with these labels."""
    return {"podSelector": {"matchLabels": dict(pods)} if pods else {}}


def pods_of_namespaces(namespaces: Mapping[str, str], pods: Mapping[str, str] | None = None) -> Peer:
    """The peer that is the pods of every namespace with these labels, such as the user namespaces of one workspace."""
    found: Peer = {"namespaceSelector": {"matchLabels": dict(namespaces)}}
    if pods is not None:
        found["podSelector"] = {"matchLabels": dict(pods)}
    return found


def addresses(*blocks: str) -> list[Peer]:
    """The peers that are addresses outside the cluster, each in CIDR form."""
    return [{"ipBlock": {"cidr": block}} for block in blocks]


def anywhere_outside(site: Site) -> Peer:
    """The peer that is every address but those of pods and Services: data cluster, array, databases, mail relay."""
    assert site.kubernetes is not None, "a platform's program runs only where there is a platform"
    return {"ipBlock": {"cidr": "0.0.0.0/0", "except": [str(site.kubernetes.pod_cidr), str(site.kubernetes.service_cidr)]}}


def default_deny(place: Place) -> NetworkPolicy:
    """Deny everything in the namespace, both ways, that no other policy opens."""
    return _policy(place, "default-deny", None, {"policyTypes": ["Ingress", "Egress"]})


def allow(  # noqa: PLR0913  all but two are named, and each is one line of the policy
    place: Place,
    name: str,
    *,
    pods: Mapping[str, str] | None = None,
    from_: Sequence[Peer] = (),
    to: Sequence[Peer] = (),
    tcp: Sequence[int] = (),
    udp: Sequence[int] = (),
) -> NetworkPolicy:
    """One opening.

    Args:
        place: the namespace.
        name: the policy's name: what it is for, such as `allow-database`.
        pods: which pods of the namespace it is for; none: all of them.
        from_: who may connect to them.
        to: where they may connect to.
        tcp: ports, of whichever side is connected to; no port at all: every port.
        udp: the same.
    """
    ports = [{"protocol": "TCP", "port": port} for port in tcp] + [{"protocol": "UDP", "port": port} for port in udp]
    rule: dict[str, Any] = {"ports": ports} if ports else {}
    spec: dict[str, Any] = {"policyTypes": []}
    if from_:
        spec["policyTypes"].append("Ingress")
        spec["ingress"] = [{"from": list(from_), **rule}]
    if to:
        spec["policyTypes"].append("Egress")
        spec["egress"] = [{"to": list(to), **rule}]
    return _policy(place, name, pods, spec)


def allow_within(place: Place, *, pods: Mapping[str, str] | None = None) -> NetworkPolicy:
    """Pods of the namespace (or those with these labels) may talk to one another."""
    return allow(place, "allow-within", pods=pods, from_=[pods_here(pods)], to=[pods_here(pods)])


def allow_dns(place: Place) -> NetworkPolicy:
    """Every pod of the namespace may resolve names."""
    return allow(place, "allow-dns", to=[pods_in(DNS_NAMESPACE, DNS_PODS)], tcp=[DNS_PORT], udp=[DNS_PORT])


def allow_from_ingress(place: Place, application: str, pods: Mapping[str, str], *ports: int) -> NetworkPolicy:
    """The ingress controller may connect to an application.

    Args:
        place: the application's namespace.
        application: its name, for the policy's.
        pods: labels of its pods.
        ports: the pods' ports (not the Service's).
    """
    return allow(place, f"allow-ingress-to-{application}", pods=pods, from_=[pods_in(INGRESS_NAMESPACE)], tcp=ports)


def allow_from_monitoring(place: Place, *ports: int, pods: Mapping[str, str] | None = None) -> NetworkPolicy:
    """Prometheus may scrape the namespace's pods (or those with these labels) on these ports."""
    name = "allow-monitoring" if pods is None else f"allow-monitoring-of-{pods.get('app.kubernetes.io/name', 'chosen')}"
    return allow(place, name, pods=pods, from_=[pods_in(MONITORING_NAMESPACE)], tcp=ports)


def allow_api_server(place: Place, site: Site, application: str, pods: Mapping[str, str] | None = None) -> NetworkPolicy:
    """Pods may ask the API server.

    Its Service is an alias of processes on the control plane's nodes, so the opening is to those nodes' addresses.
    """
    return allow(place, f"allow-api-server-from-{application}", pods=pods, to=control_plane(site), tcp=[API_SERVER_PORT])


def allow_from_api_server(place: Place, site: Site, application: str, pods: Mapping[str, str], *ports: int) -> NetworkPolicy:
    """The API server may call pods: admission webhooks and aggregated APIs."""
    return allow(place, f"allow-api-server-to-{application}", pods=pods, from_=control_plane(site), tcp=ports)


def control_plane(site: Site) -> list[Peer]:
    """The peers that are the API servers: the control plane's nodes, and the address that moves between them."""
    assert site.kubernetes is not None, "a platform's program runs only where there is a platform"
    servers = [site.server_by_name[name] for name in site.kubernetes.control_plane]
    own = [str(entry.address) for server in servers for bond in server.bonds for entry in bond.addresses]
    return addresses(*(f"{address}/32" for address in [*own, str(site.kubernetes.api_address)]))


def _policy(place: Place, name: str, pods: Mapping[str, str] | None, rules: Mapping[str, Any]) -> NetworkPolicy:
    from pulumi_kubernetes.networking.v1 import NetworkPolicy

    spec: Any = {"podSelector": {"matchLabels": dict(pods)} if pods else {}, **rules}
    return NetworkPolicy(
        place.logical(name),
        metadata=place.metadata(name, "network"),
        spec=spec,
        opts=place.options(),
    )

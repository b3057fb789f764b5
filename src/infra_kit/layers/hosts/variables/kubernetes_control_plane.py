"""Variables of the role kubernetes_control_plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import InventoryError
from infra_kit.layers.hosts.secret import Secret
from infra_kit.layers.hosts.variables.kubernetes_node import labels, masters, pod_cidr, taints

if TYPE_CHECKING:
    from infra_kit.layers.hosts.facts import HostFacts

_WITHOUT_NFTABLES = ("rhel", "8")
"""The kernel of RHEL 8 is 4.18; kube-proxy's nftables mode takes 5.13 (kubernetes.io, "Virtual IPs and Service Proxies")."""


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host.

    Raises:
        InventoryError: the manifests of the network plug-in cannot be read.
    """
    kubernetes = facts.kubernetes
    nodes = facts.others([*dict.fromkeys([*kubernetes.control_plane, *kubernetes.workers])])
    found: dict[str, Any] = {
        "kubernetes_control_plane_name": facts.name,
        "kubernetes_control_plane_address_own": facts.address,
        "kubernetes_control_plane_masters": masters(facts),
        "kubernetes_control_plane_address": str(kubernetes.api_address),
        "kubernetes_control_plane_interface": interface(facts),
        "kubernetes_control_plane_router": kubernetes.api_address.packed[-1] or 255,
        "kubernetes_control_plane_cluster": facts.site.site.name,
        "kubernetes_control_plane_version": kubernetes.version,
        "kubernetes_control_plane_pod_subnet": str(kubernetes.pod_cidr),
        "kubernetes_control_plane_service_subnet": str(kubernetes.service_cidr),
        "kubernetes_control_plane_nodes": {each.name: [each.address] for each in nodes},
        "kubernetes_control_plane_own_pod_subnets": kubernetes.cni == "bridge",
        "kubernetes_control_plane_pod_cidr": pod_cidr(facts),
        "kubernetes_control_plane_proxy_mode": proxy_mode(facts),
        "kubernetes_control_plane_labels": labels(facts),
        "kubernetes_control_plane_taints": taints(facts),
        "kubernetes_control_plane_renew_days": kubernetes.certificate_days,
    }
    if kubernetes.credential is not None:
        credential = facts.site.credential_by_name[kubernetes.credential]
        found["kubernetes_control_plane_token"] = Secret(credential.password)
        found["kubernetes_control_plane_user"] = credential.user
    if kubernetes.authority is not None:
        found["kubernetes_control_plane_authority_certificate"] = Secret(kubernetes.authority.certificate)
        found["kubernetes_control_plane_authority_key"] = Secret(kubernetes.authority.key)
    if kubernetes.cni != "bridge" and facts.name == kubernetes.control_plane[0]:
        found["kubernetes_control_plane_network"] = _manifests(facts)
    return found


def interface(facts: HostFacts) -> str:
    """The interface of the host's own address, which the virtual one is beside: the bond, or a VLAN of it."""
    native = any(each.native and str(each.address) == facts.address for each in facts.bond.addresses)
    return facts.bond.name if native or facts.network.vlan is None else f"{facts.bond.name}.{facts.network.vlan}"


def proxy_mode(facts: HostFacts) -> str:
    """kube-proxy's mode that all nodes' kernels know."""
    old = (facts.family, facts.release.partition(".")[0]) == _WITHOUT_NFTABLES
    return "iptables" if old else "nftables"


def _manifests(facts: HostFacts) -> str:
    name = facts.kubernetes.cni_manifest or ""
    try:
        return (facts.site.folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InventoryError(
            f"the network plug-in's manifest cannot be read: {error}",
            where=f"kubernetes.cni_manifest: {name}",
            remedy="give the file with the manifests, beside the inventory",
        ) from error

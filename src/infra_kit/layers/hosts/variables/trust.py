"""Variables of the role trust."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import InventoryError

if TYPE_CHECKING:
    from infra_kit.layers.hosts.facts import HostFacts

# What people outside of the site's own networks use. Cloudera Manager: its ports reference; Kubernetes: its API; ingress: HTTP and HTTPS.
_MANAGER = [(7180, "Cloudera Manager"), (7183, "Cloudera Manager by TLS")]
_EDGE = [(8443, "Knox"), (8888, "Hue"), (8889, "Hue behind its balancer")]
_API = [(6443, "Kubernetes API")]
_INGRESS = [(80, "HTTP to workspaces"), (443, "HTTPS to workspaces")]


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host.

    Raises:
        InventoryError: a certificate authority's file cannot be read.
    """
    site, system = facts.site, facts.os
    networks = [network.subnet for network in site.networks]
    if site.kubernetes is not None:
        networks += [site.kubernetes.pod_cidr, site.kubernetes.service_cidr]
    return {
        "trust_ca_certificates": {Path(file).stem: _authority(site.folder, file) for file in system.ca_certificates},
        "trust_login": site.credential_by_name[system.ssh_credential].user,
        "trust_password_login": system.directory is not None,
        "trust_firewall": system.firewall,
        "trust_networks": [str(network) for network in sorted(set(networks))],
        "trust_ports": [{"port": port, "purpose": purpose} for port, purpose in _ports(facts)],
    }


def _ports(facts: HostFacts) -> list[tuple[int, str]]:
    ports = {"utility": _MANAGER, "edge": _EDGE}.get(facts.server.role, []) if facts.site.cluster else []
    if facts.is_control_plane:
        ports = [*ports, *_API]
    if facts.is_kubernetes_worker and facts.kubernetes.ingress is not None:
        ports = [*ports, *_INGRESS]
    return ports


def _authority(folder: Path, file: str) -> str:
    try:
        return (folder / file).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise InventoryError(
            f"the certificate cannot be read: {error}",
            where=f"operating_system.ca_certificates: {file}",
            remedy="give a PEM file",
        ) from error

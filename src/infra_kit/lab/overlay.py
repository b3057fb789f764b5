"""What a running lab publishes: the endpoints overlay and the pinned host keys, whole and only when all listen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from infra_kit.lab.private_file import write_private
from infra_kit.lab.secret_files import overlay_reference
from infra_kit.lab.trust import known_hosts_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_kit.inventory.access import StandIn
    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.devices import LabDevice
    from infra_kit.lab.folder import LabFolder

_CLUSTER_AUTHORITY = "kubernetes-ca.pem"
_HEAD = "# Written by `infra-kit lab up`, removed by `infra-kit lab down`: where the emulated devices of this site listen.\n"


@dataclass(frozen=True, slots=True)
class Listening:
    """A device and where it listens."""

    device: LabDevice
    host: str
    port: int


def publish(site: Site, folder: LabFolder, listening: Sequence[Listening], *, hosts: StandIn | None = None) -> None:
    """Write known_hosts, then the overlay that refers to it.

    Args:
        site: the site.
        folder: its lab's.
        listening: every device.
        hosts: what the hosts are; None where the lab has none.
    """
    keys = [known_hosts_line(folder.host_key(each.device.of), each.host, each.port) for each in listening if _by_ssh(each)]
    write_private(folder.known_hosts, "".join(keys))
    devices: dict[str, dict[str, Any]] = {}
    for each in listening:
        devices.setdefault(each.device.of, {})[each.device.protocol] = _entry(site, folder, each)
    document = {"devices": devices} | ({"hosts": hosts.model_dump(mode="json")} if hosts else {})
    write_private(folder.endpoints, _HEAD + yaml.safe_dump(document, sort_keys=False))


def withdraw(folder: LabFolder) -> None:
    """Remove what `publish` wrote, and the control plane's kubeconfig: from now on no command takes this lab for running."""
    for file in (folder.endpoints, folder.known_hosts, folder.record, folder.kubeconfig, folder.root / _CLUSTER_AUTHORITY):
        file.unlink(missing_ok=True)


def _trust(site: Site, folder: LabFolder, listening: Listening) -> dict[str, str]:
    """What its client trusts. A cluster on hosts has an authority of its own, whose certificate is there once the cluster is."""
    if _by_ssh(listening):
        return {"known_hosts": "known_hosts"}
    if listening.device.kind != "host":
        return {"ca": "trust/ca.pem"}
    from infra_kit.lab.hosts.site_hosts import cluster_authority

    link, certificate = folder.root / _CLUSTER_AUTHORITY, cluster_authority(site, folder)
    link.unlink(missing_ok=True)
    if certificate is not None:
        link.symlink_to(certificate)
    return {"ca": _CLUSTER_AUTHORITY}


def _by_ssh(listening: Listening) -> bool:
    return listening.device.protocol == "ssh"


def _entry(site: Site, folder: LabFolder, listening: Listening) -> dict[str, Any]:
    device = listening.device
    return {
        "host": listening.host,
        "port": listening.port,
        **_trust(site, folder, listening),
        "user": site.credential_by_name[device.credential].user,
        "password": overlay_reference(site, folder, device.credential),
    }

"""The administrator's kubeconfig of the cluster that hosts have made, as it is reached from this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from infra_kit.inventory.access import KUBERNETES
from infra_kit.lab.hosts.site_hosts import cluster_authority
from infra_kit.lab.private_file import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.folder import LabFolder

_NAME = "admin.conf"  # beside the folder of the authority: kubeadm


def kubeconfig(site: Site, folder: LabFolder) -> Path | None:
    """Take it from the first control-plane node's disk into the lab's folder, with the server where the lab listens for it.

    Returns:
        Its file (mode 0600); None where the lab runs without hosts, or they have made no cluster.
    """
    certificate = cluster_authority(site, folder)
    if certificate is None or not folder.endpoints.is_file():
        return None
    devices = yaml.safe_load(folder.endpoints.read_text(encoding="utf-8"))["devices"]
    place = devices.get(KUBERNETES, {}).get("kubernetes")
    taken = certificate.parent.with_name(_NAME)
    if place is None or not taken.is_file():
        return None
    document = yaml.safe_load(taken.read_text(encoding="utf-8"))
    for each in document["clusters"]:
        each["cluster"]["server"] = f"https://{place['host']}:{place['port']}"
    write_private(folder.kubeconfig, yaml.safe_dump(document, sort_keys=False))
    return folder.kubeconfig

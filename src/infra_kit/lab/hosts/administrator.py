"""The administrator's kubeconfig of the cluster that hosts have made, as it is reached from this machine."""

from __future__ import annotations

import time
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
_BACK_S = 120.0  # a cluster with two workspaces on a busy machine
_POLL_S = 1.0


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


def wait_for_api(site: Site, folder: LabFolder) -> bool:
    """Wait until the API servers of the cluster that hosts have made answer again, after the hosts were switched on.

    Returns:
        Whether they answer; they may still come where they do not. True where there is no cluster yet.
    """
    import ssl

    import httpx

    found = kubeconfig(site, folder)
    if found is None:
        return True
    server = yaml.safe_load(found.read_text(encoding="utf-8"))["clusters"][0]["cluster"]["server"]
    deadline = time.monotonic() + _BACK_S
    with httpx.Client(verify=ssl.create_default_context(cafile=str(cluster_authority(site, folder))), trust_env=False) as client:
        while time.monotonic() < deadline:
            try:
                # 401 is an answer, too: it asks who we are.
                if client.get(f"{server}/readyz").status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return True
            except httpx.TransportError:
                pass
            time.sleep(_POLL_S)
    return False

"""The administrator's kubeconfig of a cluster on hosts."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import yaml

from infra_kit.inventory.load import load_site
from infra_kit.lab.folder import LabFolder
from infra_kit.lab.hosts.administrator import kubeconfig
from infra_kit.lab.hosts.site_hosts import cluster_authority

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_taken_from_the_first_node_once_there_is_a_cluster(site_folder: Path) -> None:
    site, folder = load_site(site_folder), LabFolder(site_folder)
    folder.make()
    assert kubeconfig(site, folder) is None
    place = {"host": "127.0.0.1", "port": 2000}
    folder.endpoints.write_text(yaml.safe_dump({"devices": {"kubernetes": {"kubernetes": place}}}))
    assert kubeconfig(site, folder) is None
    certificate = cluster_authority(site, folder)
    assert certificate is not None
    certificate.parent.mkdir(parents=True)
    said = {"clusters": [{"name": "lab", "cluster": {"server": "https://10.21.1.200:6443"}}], "users": []}
    certificate.parent.with_name("admin.conf").write_text(yaml.safe_dump(said))
    taken = kubeconfig(site, folder)
    assert taken == folder.kubeconfig
    assert stat.S_IMODE(taken.stat().st_mode) == 0o600
    assert yaml.safe_load(taken.read_text())["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:2000"

"""What the inventory says of servers and networks, as hosts and fabric; nothing is started."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import UsageError
from infra_kit.inventory.load import load_site
from infra_kit.inventory.models.server import BondAddress
from infra_kit.inventory.nodes import node_shapes
from infra_kit.inventory.pod_network import pod_subnets
from infra_kit.lab.emulator import Login
from infra_kit.lab.folder import LabFolder
from infra_kit.lab.hosts.site_hosts import SERVICES, SiteHosts, cluster_authority, fabric, require_machines, specs

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.lab.hosts.specification import HostSpec

LOGIN = Login("ansible", "secret")


def _specs(folder: Path) -> dict[str, HostSpec]:
    site = load_site(folder)
    return {each.name: each for each in specs(site, LabFolder(folder), LOGIN)}


def test_every_server_is_a_host_at_the_inventorys_address(reference_site: Path) -> None:
    site, hosts = load_site(reference_site), _specs(reference_site)
    assert list(hosts) == [server.name for server in site.servers]
    for server in site.servers:
        wanted = server.bonds[0].addresses[0]
        attachment = hosts[server.name].attachments[0]
        assert (attachment.interface, attachment.network, attachment.address) == ("bond0", wanted.network, wanted.address)
        assert attachment.mac == server.nics[0].mac


def test_a_machine_has_the_cards_and_disks_of_its_server(site_folder: Path) -> None:
    site = load_site(site_folder)
    found = {each.name: each for each in specs(site, LabFolder(site_folder), LOGIN, ["worker01", "master02"])}
    assert [name for name, spec in found.items() if spec.machine] == ["master02", "worker01"]
    machine = found["worker01"].machine
    assert machine is not None
    assert [(card.name, card.mac) for card in machine.cards] == [(nic.name, str(nic.mac)) for nic in site.server_by_name["worker01"].nics]
    assert [(each.size_gb, each.rotational, each.count) for each in machine.disks] == [(3840, False, 4)]
    master = found["master02"].machine
    assert master is not None
    assert sum(each.count for each in master.disks) == 6
    require_machines(site, ["worker01", "master02"])


@pytest.mark.parametrize(("name", "words"), [("worker99", "no host worker99"), ("leaf01a", "no host leaf01a"), ("master01", "authority")])
def test_what_cannot_be_a_machine_is_refused(site_folder: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        require_machines(load_site(site_folder), ["worker01", name])


def test_its_capacity_is_that_of_the_kubernetes_node(reference_site: Path) -> None:
    hosts = _specs(reference_site)
    for shape in node_shapes(load_site(reference_site)):
        capacity = hosts[shape.name].capacity
        assert capacity is not None
        assert str(capacity.sockets * capacity.cores * capacity.threads) == shape.capacity["cpu"]
        assert f"{capacity.memory_kib}Ki" == shape.capacity["memory"]


def test_the_fabric_has_the_networks_of_hosts_and_routes_their_pods(site_folder: Path) -> None:
    site = load_site(site_folder)
    made = fabric(site)
    assert [each.name for each in made.networks] == ["uplink", "storage-01", "cluster-data-01", "cluster-data-02"]
    data = made.networks[2]
    assert (data.subnet, data.gateway, data.mtu) == (IPv4Network("10.21.1.0/24"), IPv4Address("10.21.1.1"), 9000)
    hosts = _specs(site_folder)
    assert {str(each.prefix): each.next_hop for each in made.routes} == {
        str(subnet): hosts[name].address for name, subnet in pod_subnets(site).items()
    }
    assert made.services == (SERVICES, IPv4Address("10.10.0.53"), IPv4Address("10.10.1.53"))


def test_a_tagged_address_is_an_interface_of_its_own_and_a_server_without_an_address_is_no_host(site_folder: Path) -> None:
    site = load_site(site_folder)
    uplink = BondAddress(network="uplink", address=IPv4Address("10.22.255.9"))
    site.server_by_name["edge01"].bonds[0].addresses.insert(0, uplink)
    site.server_by_name["utility01"].bonds[0].addresses.clear()
    hosts = {each.name: each for each in specs(site, LabFolder(site_folder), LOGIN)}
    assert [(each.interface, each.network) for each in hosts["edge01"].attachments] == [
        ("bond0", "cluster-data-01"),
        ("bond0.901", "uplink"),
    ]
    assert "utility01" not in hosts


def test_where_hosts_say_they_come_from(site_folder: Path) -> None:
    site, folder = load_site(site_folder), LabFolder(site_folder)
    said = SiteHosts(site, folder, LOGIN).stand_in
    assert said.model_dump() == {
        "family": "debian",
        "release": "12",
        "packages": f"http://{SERVICES}/debian",
        "registry": f"{SERVICES}:5000",
    }
    assert cluster_authority(site, folder) == folder.state / "hosts/master01/upper/etc/kubernetes/pki/ca.crt"

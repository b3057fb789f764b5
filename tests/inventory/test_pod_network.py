from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.inventory.pod_network import pod_routes, pod_subnets
from infra_kit.shipped import folder

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(folder("inventory") / "configuration-1")


def of_kubernetes(site: Site, **changes: object) -> Site:
    assert site.kubernetes is not None
    return site.model_copy(update={"kubernetes": site.kubernetes.model_copy(update=changes)})


def test_every_node_has_a_subnet_of_its_own(site: Site) -> None:
    assert site.kubernetes is not None
    found = pod_subnets(site)
    assert list(found) == [*site.kubernetes.control_plane, *site.kubernetes.workers]
    assert len(set(found.values())) == len(found)
    assert all(subnet.prefixlen == 24 and subnet.subnet_of(site.kubernetes.pod_cidr) for subnet in found.values())


def test_a_node_that_is_named_keeps_its_subnet_when_others_leave(site: Site) -> None:
    assert site.kubernetes is not None
    kept = {name: subnet for name, subnet in pod_subnets(site).items() if name != "worker01"}
    left = of_kubernetes(site, workers=[name for name in site.kubernetes.workers if name != "worker01"], pod_subnets=kept)
    assert pod_subnets(left) == kept


def test_a_range_too_small_for_a_node_has_only_what_is_named(site: Site) -> None:
    named = {"worker01": IPv4Network("10.128.0.0/26")}
    assert pod_subnets(of_kubernetes(site, pod_cidr=IPv4Network("10.128.0.0/25"), pod_subnets=named)) == named


def test_nodes_for_which_there_is_no_room_are_left_out(site: Site) -> None:
    assert list(pod_subnets(of_kubernetes(site, pod_cidr=IPv4Network("10.128.0.0/23")))) == ["master01", "master02"]


def test_routes_lead_to_the_nodes_own_addresses(site: Site) -> None:
    routes = {each.server: each for each in pod_routes(site)}
    assert (str(routes["worker01"].next_hop), routes["worker01"].network) == ("10.21.1.16", "cluster-data-01")
    assert routes["worker02"].network == "cluster-data-02"


def test_no_routes_where_a_plug_in_has_its_own_way(site: Site) -> None:
    assert pod_routes(of_kubernetes(site, cni="cilium")) == []
    assert pod_routes(site.model_copy(update={"kubernetes": None})) == []
    assert pod_subnets(site.model_copy(update={"kubernetes": None})) == {}

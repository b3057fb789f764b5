"""The running lab against the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.inventory.load import load_site
from infra_kit.lab.comparison import compare
from infra_kit.lab.devices import LabDevice, devices

if TYPE_CHECKING:
    from pathlib import Path


def running(name: str, model: str = "R6515", protocol: str = "redfish") -> dict[str, Any]:
    return {"name": name, "model": model, "protocol": protocol, "port": 1}


def wanted(name: str, model: str = "R6515") -> LabDevice:
    return LabDevice(name, "redfish", "redfish", model, "bmc")


def test_the_same_devices_differ_in_nothing_whatever_their_order() -> None:
    found = compare([running("a"), running("b")], [wanted("b"), wanted("a")])
    assert not found
    assert str(found) == ""
    assert not compare([running("a"), {"name": "mirror", "model": "packages", "protocol": "http", "port": 80}], [wanted("a")])


def test_a_host_that_becomes_a_machine_is_another(site_folder: Path) -> None:
    site = load_site(site_folder)
    before = [{"name": each.name, "model": each.model, "protocol": each.protocol} for each in devices(site, hosts=True)]
    assert str(compare(before, devices(site, hosts=True, machines=["worker01"]))) == "changed worker01:ssh"


def test_what_was_added_removed_and_changed() -> None:
    found = compare(
        [running("gone"), running("a"), running("b"), running("c", protocol="ssh")],
        [wanted("a", "R7525"), wanted("b"), wanted("new"), wanted("c")],
    )
    assert (found.added, found.removed, found.changed) == (("new",), ("gone",), ("a", "c"))
    assert found
    assert str(found) == "added new; removed gone; changed a, c"


def test_a_lab_that_gets_hosts_is_not_what_it_was(site_folder: Path) -> None:
    site = load_site(site_folder)
    before, after = devices(site), devices(site, hosts=True)
    listed = [{"name": each.name, "protocol": each.protocol, "model": each.model} for each in before]
    found = compare(listed, after)
    assert found.added == tuple(f"{server.name}:ssh" for server in site.servers)
    assert not found.removed
    assert {each.of for each in after if each.kind == "host"} == {*site.server_by_name, "kubernetes"}
    assert not [each for each in after if each.is_real]
    assert devices(site, ["hosts"], hosts=True) == before

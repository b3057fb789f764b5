"""Every switch of both reference sites: its rendered configuration is taken line by line, and nothing is left to change."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from infra_kit.inventory.load import load_site
from infra_kit.inventory.pod_network import pod_routes
from infra_kit.lab.os10.factory import delivered
from infra_kit.lab.os10.session import Session
from infra_kit.layers.fabric.intent import intent
from infra_kit.layers.fabric.layer import LAYER
from infra_kit.layers.fabric.remediation import compare, managed
from infra_kit.layers.fabric.secret_lines import Masking, reveal

INVENTORY = Path(__file__).resolve().parents[3] / "inventory"
SITES = {name: load_site(INVENTORY / name) for name in ("configuration-1", "configuration-2")}
SWITCHES = [(site, switch.name) for site in SITES for switch in SITES[site].switches]
USER = "admin"


def secret(reference: str) -> SecretStr:
    return SecretStr("$6$salt$" + "h" * 86 if reference.endswith("hash") else f"secret-{reference.rpartition('/')[2]}")


class Console:
    def __init__(self, site_name, switch_name, folder):
        site = SITES[site_name]
        self.intent = intent(site, site.switch_by_name[switch_name])
        self.session = Session(delivered(site, switch_name, USER, folder / "state.json"))

    def enter(self, lines):
        self.session.answer("configure terminal")
        refused = [(line, said) for line in lines for part in reveal(line, secret).split("\n") if (said := self.session.answer(part))]
        self.session.answer("end")
        return refused

    def left(self):
        running = self.session.answer("show running-configuration").splitlines()
        masking = Masking(self.intent.secret_lines, secret)
        return compare(managed(self.intent, masking.mask(running)), self.intent.wanted)


@pytest.mark.parametrize(("site", "name"), SWITCHES)
def test_the_rendered_file_is_taken_line_by_line_and_is_a_fixed_point(site, name, tmp_path):
    console = Console(site, name, tmp_path)
    assert console.enter(console.intent.text.splitlines()) == []
    # The file sets what the site wants; what a factory-fresh switch has beside it is taken away by the push below.
    assert all(line.startswith("no ") for line in console.left().lines)
    assert console.enter(console.left().lines) == []
    assert console.left().lines == ()


@pytest.mark.parametrize(("site", "name"), SWITCHES)
def test_the_push_to_a_factory_fresh_switch_is_taken_and_leaves_nothing(site, name, tmp_path):
    console = Console(site, name, tmp_path)
    first = console.left()
    assert first.lines
    assert console.enter(first.lines) == []
    assert console.left().lines == ()
    assert console.left().text == ""


@pytest.mark.parametrize("name", SITES)
def test_rendering_is_the_same_every_time_and_holds_no_secret(name):
    first, second = LAYER.render(SITES[name]), LAYER.render(load_site(INVENTORY / name))
    assert first == second
    assert list(first) == [f"fabric/{switch.name}.cfg" for switch in SITES[name].switches]
    for text in first.values():
        assert text.endswith("\n")
        assert "«file:.infra-kit/lab/secrets/tacacs-key»" in text
        assert all(line == line.rstrip() for line in text.splitlines())


def test_what_a_network_engineer_looks_for_on_a_leaf():
    text = LAYER.render(SITES["configuration-1"])["fabric/leaf01a.cfg"]
    blocks = {block.splitlines()[0]: block.splitlines()[1:] for block in text.split("!\n")[1:]}
    for port in range(49, 53):
        interconnect = blocks[f"interface ethernet1/1/{port}"]
        assert {" no switchport", " mtu 9216", " no shutdown"} <= set(interconnect)
    assert " discovery-interface ethernet1/1/49-1/1/52" in blocks["vlt-domain 1"]
    assert {" peer-routing", " primary-priority 4096", " backup destination 10.20.0.11", " delay-restore 120"} <= set(
        blocks["vlt-domain 1"]
    )
    host = blocks["interface port-channel101"]
    expected = {
        " vlt-port-channel 101",
        " spanning-tree port type edge",
        " lacp fallback enable",
        " mtu 9216",
        " switchport access vlan 101",
    }
    assert expected <= set(host)
    core = blocks["interface port-channel1"]
    assert " switchport trunk allowed vlan 901" in core
    assert " spanning-tree port type edge" not in core
    assert " channel-group 101 mode active" in blocks["interface ethernet1/1/1"]
    assert " shutdown" in blocks["interface ethernet1/1/40"]
    assert "  virtual-address 10.21.1.1" in blocks["interface vlan101"]
    bgp = blocks["router bgp 64801"]
    assert {" maximum-paths ebgp 8", " bestpath as-path multipath-relax", "  redistribute static", "  network 10.22.240.1/32"} <= set(bgp)
    assert '  description "leaf01b over vlt-peering-01"' in bgp
    assert " neighbor 10.22.250.2" in bgp


def test_a_spine_breaks_out_its_ports_and_routes_on_every_lane():
    text = LAYER.render(SITES["configuration-1"])["fabric/spine01.cfg"]
    assert "interface breakout 1/1/1 map 100g-4x\n" in text
    assert "interface ethernet1/1/1:4\n" in text
    assert text.count("  remote-as ") == 8
    assert "vlt-domain" not in text


def test_never_two_of_a_group_at_once():
    groups = {resource.device: resource.groups for resource in LAYER.resources(SITES["configuration-1"])}
    assert groups["leaf01a"] == groups["leaf01b"] == {"vlt:leaf01"}
    assert groups["leaf02a"] == {"vlt:leaf02"}
    assert groups["spine01"] == groups["spine02"] == {"spines"}
    assert LAYER.leftovers(SITES["configuration-1"], []) == ()


def test_leaves_route_the_pods_of_the_nodes_behind_them() -> None:
    site = SITES["configuration-1"]
    for pair, network in (("leaf01", "cluster-data-01"), ("leaf02", "cluster-data-02")):
        wanted = {f"ip route {each.prefix} {each.next_hop}" for each in pod_routes(site) if each.network == network}
        assert wanted
        for half in "ab":
            lines = LAYER.render(site)[f"fabric/{pair}{half}.cfg"].splitlines()
            assert {line for line in lines if line.startswith("ip route 10.128.")} == wanted
            assert "  redistribute static" in lines  # the other leaves and the spines hear of them

"""What the reference sites do not have: other settings of the fabric, hosts without a LAG, one AS for a pair."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.lab.os10.factory import delivered
from infra_kit.lab.os10.session import Session
from infra_kit.layers.fabric.facts import port_ranges, vlan_ranges
from infra_kit.layers.fabric.intent import intent
from infra_kit.layers.fabric.remediation import compare, managed
from infra_kit.layers.fabric.rendering import environment, quoted
from infra_kit.layers.fabric.sections import sections

SITE = load_site(Path(__file__).resolve().parents[3] / "inventory" / "configuration-1")


def with_(noun, **changes):
    made = noun.model_copy(update=changes)
    for name in ("_catalog", "_folder", "_digest"):
        if hasattr(noun, name):
            setattr(made, name, getattr(noun, name))
    made.__dict__.pop("switch_by_name", None)
    return made


def fabric(**changes):
    return with_(SITE, fabric=with_(SITE.fabric, **changes))


def switches(changed):
    return with_(SITE, switches=[changed.get(switch.name, switch) for switch in SITE.switches])


def text_of(site, name="leaf01a"):
    return intent(site, site.switch_by_name[name]).text


def test_every_section_has_its_template():
    templates = {Path(name).stem for name in environment().list_templates(["j2"])}
    assert templates == {section.name for section in sections()}


BARE = fabric(tacacs=None, snmp=None, qos=None, users=[], banner="", bfd=False)


def test_a_bare_fabric():
    text = text_of(BARE)
    assert "aaa authentication login default local\n" in text
    for absent in ("tacacs", "snmp", "class-map", "banner", "\nusername", " bfd", "priority-flow-control"):
        assert absent not in text


def test_management_in_a_vrf_of_its_own():
    text = text_of(fabric(management_vrf=True))
    assert "!\nip vrf management\n interface management\n" in text
    assert " backup destination 10.20.0.11 vrf management\n" in text


def test_other_spanning_trees_have_no_priority_for_the_whole_switch():
    text = text_of(fabric(spanning_tree="rapid-pvst"))
    assert "spanning-tree mode rapid-pvst\n" in text
    assert "priority 4096\nlldp" not in text
    assert "spanning-tree rstp priority 8192\n" in text_of(SITE, "leaf01b")


def test_a_pair_in_one_as_sets_itself_as_the_next_hop():
    pair = {name: with_(SITE.switch_by_name[name], bgp=with_(SITE.switch_by_name[name].bgp, asn=64801)) for name in ("leaf01a", "leaf01b")}
    text = text_of(switches(pair))
    session = text[text.index(" neighbor 10.22.250.2\n") :]
    assert "  remote-as 64801\n" in session
    assert "   next-hop-self\n" in session


def test_array_ports_without_a_lag_carry_the_storage_network():
    leaf = SITE.switch_by_name["leaf01a"]
    text = text_of(switches({"leaf01a": with_(leaf, lags=[lag for lag in leaf.lags if lag.id < 200])}))
    port = text[text.index("interface ethernet1/1/41\n") :].split("!\n")[0]
    assert " switchport access vlan 301\n" in port
    assert " no shutdown\n" in port


def test_a_host_without_a_lag_stays_shut_down_under_its_name():
    leaf = SITE.switch_by_name["leaf01a"]
    text = text_of(switches({"leaf01a": with_(leaf, lags=[lag for lag in leaf.lags if lag.id != 101])}))
    port = text[text.index("interface ethernet1/1/1\n") :].split("!\n")[0]
    assert ' description "master01 ens1f0"\n' in port
    assert " shutdown\n" in port


def test_a_leaf_without_hosts_tracks_no_uplinks():
    leaf = SITE.switch_by_name["leaf01a"]
    assert "uplink-state-group" not in text_of(switches({"leaf01a": with_(leaf, lags=[])}))


VARIANTS = {
    "bare": BARE,
    "management vrf": fabric(management_vrf=True),
    "rapid-pvst": fabric(spanning_tree="rapid-pvst"),
    "banner of two lines": fabric(banner="first line\n  second line\n"),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_switch_takes_every_variant(variant, tmp_path):
    site = VARIANTS[variant]
    wanted = intent(site, site.switch_by_name["leaf01a"])
    console = Session(delivered(SITE, "leaf01a", "admin", tmp_path / "s.json"))

    def change():
        return compare(managed(wanted, console.answer("show running-configuration").splitlines()), wanted.wanted)

    for _ in range(2):
        lines = change().lines
        console.answer("configure terminal")
        said = [(line, answer) for line in lines for part in line.split("\n") if (answer := console.answer(part))]
        assert said == []
        console.answer("end")
    left = [line for line in change().lines if "«" not in line]  # secrets are not put in here
    assert left == []


def test_lists_as_the_switch_writes_them():
    assert vlan_ranges({5, 11, 12, 13}) == "5,11-13"
    assert vlan_ranges(set()) == ""
    assert port_ranges(["1/1/2", "1/1/1", "1/1/4", "1/1/10:2", "1/1/10:1"]) == [
        "ethernet1/1/1-1/1/2",
        "ethernet1/1/4",
        "ethernet1/1/10:1",
        "ethernet1/1/10:2",
    ]
    assert quoted("one") == "one"
    assert quoted('two "words"') == "\"two 'words'\""

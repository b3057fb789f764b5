"""Configurations that others recorded or generated: what the emulated switch takes, what it refuses and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra_kit.layers.fabric.tree import parse, print_tree

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "os10_configs"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not here")

RECORDED = DATA / "napalm_dellos10" / "get_config" / "normal" / "show_running_configuration.txt"
GENERATED = DATA / "azurestack"


def enter(console, text):
    session = console()
    session.answer("configure terminal")
    refused = []
    for line in text.splitlines():
        answer = session.answer(line)
        if answer:
            refused.append((line.strip(), answer))
    session.answer("end")
    return session, refused


def test_a_recorded_dump_is_taken_but_for_the_hardware_it_came_from(console):
    session, refused = enter(console, RECORDED.read_text())
    assert [line for line, answer in refused if "cannot be broken out" in answer] == [
        f"interface breakout 1/1/{n} map 40g-1x" for n in range(1, 33)
    ]
    assert {line for line, answer in refused if "cannot be broken out" not in answer} <= {"class-map type qos class-trust"}
    running = session.answer("show running-configuration")
    assert "ip route 31.30.32.0/24 interface ethernet1/1/1 10.10.10.2 83" in running
    assert " ip address 12.1.1.1/24" in running


def test_a_recorded_dump_goes_through_our_tree_and_back():
    text = RECORDED.read_text()
    printed = list(print_tree(parse(text.splitlines())))
    recorded = [line.rstrip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("!")]
    assert [line.replace('"', "") for line in printed] == [line.replace('"', "") for line in recorded]


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        # Placeholders in square brackets where addresses belong.
        (
            "expected_system.cfg",
            {
                "ntp server [NTP_SERVER_IP]",
                "ntp source [MGMT_VLAN]",
                "logging server [LOG_SERVER_IP]",
                "logging source-interface [MGMT_VLAN]",
                "snmp-server location",
                "management route 0.0.0.0/0 [MGMT_GATEWAY_IP]",
            },
        ),
        ("expected_prefix_list.cfg", set()),
        ("expected_qos.cfg", set()),
        # A skipped section, as a comment: nothing is configured and nothing complains, which is why validation has to.
        ("expected_vlt.cfg", set()),
    ],
)
def test_generated_sections(console, name, reasons):
    _, refused = enter(console, (GENERATED / name).read_text())
    assert {line for line, _ in refused} == reasons


def test_generated_vlans_have_virtual_router_groups_that_do_not_exist(console):
    session, refused = enter(console, (GENERATED / "expected_vlan.cfg").read_text())
    groups = {line for line, answer in refused if answer == "% Error: Illegal parameter."}
    assert groups == {f"vrrp-group {number}" for number in (301, 401, *range(501, 517))}
    assert {line.split()[0] for line, _ in refused} == {"vrrp-group", "priority", "virtual-address", "no"}
    assert "  virtual-address 100.71.143.1" in session.answer("show running-configuration")


def test_generated_ports_are_refused_where_they_make_no_sense(console):
    _, refused = enter(console, (GENERATED / "expected_port_channel.cfg").read_text())
    answers = dict(refused)
    # A member port cannot be switched by itself, an empty VLAN list is no argument, two commands do not exist.
    assert "member of a port-channel" in answers["switchport mode trunk"]
    assert answers["switchport trunk allowed vlan"] == "% Error: Incomplete command."
    assert answers["switchport trunk native vlan 99"].startswith("% Error")
    assert answers["spanning-tree port type network"] == "% Error: Illegal parameter."


def test_a_generated_loopback_with_its_name_twice_is_refused(console):
    _, refused = enter(console, (GENERATED / "expected_interface.cfg").read_text())
    answers = dict(refused)
    assert answers["interface loopbackloopback0"].startswith("% Error")
    assert "VLAN 2 does not exist" in answers["switchport access vlan 2"]
    assert "interface Ethernet 1/1/44" not in answers

"""What operators do to a running leaf: from one inventory to the next, in one push that the switch takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.inventory.models.switch import PortGroup
from infra_kit.lab.os10.factory import delivered
from infra_kit.lab.os10.session import Session
from infra_kit.layers.fabric.intent import intent
from infra_kit.layers.fabric.remediation import compare, managed

SITE = load_site(Path(__file__).resolve().parents[3] / "inventory" / "configuration-1")
LEAF = SITE.switch_by_name["leaf01a"]
VLT = LEAF.vlt


def lags(change):
    return [changed for lag in LEAF.lags if (changed := change(lag)) is not None]


def renamed(port):
    return f"{port}:1" if port in ("1/1/1", "1/1/2", "1/1/3", "1/1/4") else port


CHANGES = {
    "nothing": {},
    "two ports of the interconnect": {"vlt": VLT.model_copy(update={"interconnect_ports": ["1/1/49", "1/1/50"]})},
    "no pair": {"vlt": None},
    "a LAG less": {"lags": lags(lambda lag: None if lag.id == 101 else lag)},
    "LAGs renumbered": {"lags": lags(lambda lag: lag.model_copy(update={"id": lag.id + 300}))},
    "LAGs that swap their ports": {"lags": lags(lambda lag: lag.model_copy(update={"id": {101: 102, 102: 101}.get(lag.id, lag.id)}))},
    "a VLAN less": {
        "vlans": [vlan for vlan in LEAF.vlans if vlan.network != "storage-01"],
        "lags": lags(lambda lag: None if lag.native == "storage-01" else lag),
    },
    "an uplink broken out": {"port_groups": [PortGroup(group="1/1/15", mode="25g-4x")], "links": LEAF.links[1:]},
    "hosts at 10G": {
        "port_groups": [PortGroup(group="1/1/1", mode="10g-4x")],
        "lags": lags(lambda lag: lag.model_copy(update={"ports": [renamed(port) for port in lag.ports]})),
    },
    "another AS": {"bgp": LEAF.bgp.model_copy(update={"asn": 65123})},
    "access to trunk": {
        "lags": lags(lambda lag: lag.model_copy(update={"networks": ["uplink", "storage-01"], "native": None}) if lag.id == 101 else lag)
    },
    "static LAGs": {"lags": lags(lambda lag: lag.model_copy(update={"lacp": "static", "fallback": False}))},
    "everything gone": {"lags": [], "links": [], "vlans": [], "bgp": None, "vlt": None, "static_routes": []},
}


def variant(changes):
    leaf = LEAF.model_copy(update=changes)
    site = SITE.model_copy(update={"switches": [leaf if switch.name == LEAF.name else switch for switch in SITE.switches]})
    for name in ("_catalog", "_folder", "_digest"):
        setattr(site, name, getattr(SITE, name))
    site.__dict__.pop("switch_by_name", None)
    return intent(site, leaf)


class Leaf:
    def __init__(self, folder):
        self.console = Session(delivered(SITE, LEAF.name, "admin", folder / "s.json"))

    def change(self, wanted):
        return compare(managed(wanted, self.console.answer("show running-configuration").splitlines()), wanted.wanted).lines

    def push(self, wanted):
        lines = self.change(wanted)
        self.console.answer("configure terminal")
        refused = [(line, answer) for line in lines for part in line.split("\n") if (answer := self.console.answer(part))]
        self.console.answer("end")
        assert refused == []
        assert [line for line in self.change(wanted) if "«" not in line] == []  # secrets are not put in here


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "nothing"])
def test_there_and_back_again(name, tmp_path):
    leaf = Leaf(tmp_path)
    for wanted in (variant({}), variant(CHANGES[name]), variant({})):
        leaf.push(wanted)

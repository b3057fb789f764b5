"""Which parts of what was found the rules let stand."""

from __future__ import annotations

from infra_kit.inventory.findings import Finding
from infra_kit.layers.fabric.adoption_edits import Edits

OWN = {
    "vlans": [{"network": "data", "address": "10.0.0.2"}],
    "lags": [{"id": 101, "ports": ["1/1/1"]}, {"id": 102, "ports": ["1/1/2"]}],
    "vlt": {"domain": 1},
}
FOUND = {
    "vlans": [{"network": "guests"}, {"network": "data", "address": "10.0.0.2"}],
    "lags": [{"id": 102, "ports": ["1/1/9"]}],
    "vlt": {"domain": 7},
}


def finding(path):
    return Finding("IK1", "error", "fabric.yaml", 1, 1, path, "no", "mend")


def names(left_out):
    return [each.edit.place for each in left_out]


def test_what_nobody_refuses_is_taken_whole_as_found():
    values, left_out = Edits("leaf01a", OWN, FOUND).choose(lambda _: [])
    assert values == FOUND
    assert left_out == ()


def test_another_order_is_no_change():
    assert Edits("leaf01a", OWN, {"lags": list(reversed(OWN["lags"])), "vlt": {"domain": 1}}).values() == {}


def test_two_items_of_one_name_are_one_part():
    routes = [{"prefix": "0.0.0.0/0", "next_hop": "10.0.0.1"}, {"prefix": "0.0.0.0/0", "next_hop": "10.0.0.2"}]
    assert Edits("leaf01a", {"static_routes": routes[:1]}, {"static_routes": routes}).values() == {"static_routes": routes}


def test_what_a_finding_names_stays_as_the_inventory_has_it():
    def errors(values):
        return [finding("switches[name=leaf01a].lags[id=102].ports")] if {"id": 102, "ports": ["1/1/9"]} in values.get("lags", []) else []

    values, left_out = Edits("leaf01a", OWN, FOUND).choose(errors)
    assert values["lags"] == [OWN["lags"][1]]
    assert values["vlans"] == FOUND["vlans"]
    assert names(left_out) == ["lags[id=102]"]


def test_what_is_missed_elsewhere_is_found_by_trying():
    def errors(values):
        return [] if any(lag["id"] == 101 for lag in values.get("lags", OWN["lags"])) else [finding("servers[name=worker01].bonds")]

    values, left_out = Edits("leaf01a", OWN, FOUND).choose(errors)
    assert values["lags"] == [{"id": 102, "ports": ["1/1/9"]}, OWN["lags"][0]]
    assert values["vlt"] == {"domain": 7}
    assert [(each.edit.place, each.edit.removes) for each in left_out] == [("lags[id=101]", True)]


def test_where_everything_is_refused_nothing_changes():
    values, left_out = Edits("leaf01a", OWN, FOUND).choose(lambda _: [finding("site")])
    assert values == {}
    assert sorted(names(left_out)) == ["lags[id=101]", "lags[id=102]", "vlans[network=guests]", "vlt"]


def test_a_name_that_begins_like_another_is_not_blamed():
    found = {"vlt": {"domain": 7}, "vlans": [{"network": "data2"}]}
    edits = Edits("leaf01a", {}, found)
    values, left_out = edits.choose(lambda values: [finding("switches[name=leaf01a].vlt")] if "vlt" in values else [])
    assert values == {"vlans": [{"network": "data2"}]}
    assert names(left_out) == ["vlt"]

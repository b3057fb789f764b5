"""Adopting a switch: what it has becomes inventory, and a plan in the scope that was set is empty."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infra_kit.cli.app import run
from infra_kit.inventory.edit import SiteEditor
from infra_kit.inventory.findings import Finding
from infra_kit.inventory.load import load, load_site
from infra_kit.layers.fabric.sections import sections

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benches"))
import switch_bench

NAME = "leaf01a"
FOUND = ("vlt", "vlans", "lags", "links", "bgp", "static_routes")


@pytest.fixture
def stand(tmp_path, site_folder):
    with switch_bench.bench(tmp_path, site_folder, NAME, "spine01") as up:
        yield up


def forget(stand, name=NAME):
    """Take from the inventory what can be found on the switch."""
    editor = SiteEditor(stand.site_folder)
    item = editor.item("switches", name)
    kept = {key: item.pop(key) for key in (*FOUND, "breakouts") if key in item}
    item["scope"] = []
    editor.save()
    return kept


def adopt(stand, name=NAME, *more):
    return run(["import", str(stand.site_folder), name, "--endpoints", str(stand.overlay), *more])


def plan_now(stand, name=NAME):
    stand.site = load_site(stand.site_folder)
    return stand.plan(name)


def entered(stand, name=NAME):
    return [verb for verb, _ in stand.emulators[name].events.entries if verb in ("configure", "line", "save")]


def test_a_configured_leaf_comes_back_as_it_was_written(stand, capsys):
    stand.apply(NAME)
    before = stand.site.switch_by_name[NAME]
    forget(stand)
    writes = len(entered(stand))
    assert adopt(stand) == 0
    said = capsys.readouterr().out
    after = load_site(stand.site_folder).switch_by_name[NAME]
    for key in FOUND:
        if key == "links":
            continue
        found, expected = getattr(after, key), getattr(before, key)
        if key == "lags":
            expected = sorted(expected, key=lambda lag: lag.id)
        assert found == expected, key
    assert [(each.port, each.peer, each.peer_port, each.address) for each in after.links] == [
        (each.port, each.peer, each.peer_port, each.address) for each in before.links
    ]
    assert {"vlans", "lags", "bgp", "vlt", "underlay", "system", "interfaces"} <= set(after.scope)
    assert "vlans (4)" in said
    assert "lags (14)" in said
    assert plan_now(stand).action == "none"
    assert len(entered(stand)) == writes


def test_comments_and_the_other_switches_stay(stand):
    stand.apply(NAME)
    text = (stand.site_folder / "fabric.yaml").read_text()
    forget(stand)
    assert adopt(stand) == 0
    now = (stand.site_folder / "fabric.yaml").read_text()
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert comments == [line for line in now.splitlines() if line.startswith("#")]
    assert text[text.index("  - name: leaf02a") :] == now[now.index("  - name: leaf02a") :]


def test_what_the_inventory_cannot_say_is_left_alone_and_listed(stand, capsys):
    stand.apply(NAME)
    stand.emulators[NAME].tamper(
        {
            "lines": [
                "interface vlan77",
                "description theirs",
                "exit",
                "ip prefix-list THEIRS seq 10 permit 10.0.0.0/8",
                "snmp-server community theirs ro",
                "interface port-channel77",
                "exit",
                "interface ethernet1/1/30",
                "no switchport",
                "ip address 192.0.2.1/31",
            ],
            "save": True,
        }
    )
    forget(stand)
    assert adopt(stand) == 0
    said = capsys.readouterr().out
    assert "cannot be said: interface vlan77: no network of the site has VLAN 77" in said
    assert "cannot be said: interface port-channel77: it has no members" in said
    assert "cannot be said: interface ethernet1/1/30: nothing says which switch" in said
    assert "not in it: vlans, managing it would send" in said
    assert "  ip prefix-list THEIRS seq 10 permit 10.0.0.0/8" in said
    assert "theirs ro" not in said
    after = load_site(stand.site_folder).switch_by_name[NAME]
    assert "vlans" not in after.scope
    assert "snmp" not in after.scope
    assert "bgp" in after.scope
    assert plan_now(stand).action == "none"


def test_a_spine_with_its_breakouts(stand, capsys):
    stand.apply("spine01")
    before = stand.site.switch_by_name["spine01"]
    forget(stand, "spine01")
    assert adopt(stand, "spine01") == 0
    after = load_site(stand.site_folder).switch_by_name["spine01"]
    assert after.breakouts == before.breakouts
    assert len(after.links) == 8
    assert plan_now(stand, "spine01").action == "none"
    assert "breakouts (2)" in capsys.readouterr().out


FOREIGN = {
    "lines": [
        "interface vlan2222",
        "exit",
        "interface ethernet1/1/30",
        "switchport access vlan 2222",
        "exit",
        "ip route 198.51.100.0/24 203.0.113.7",
    ],
    "save": True,
}


def test_what_the_rules_refuse_is_left_out_and_the_site_stays_valid(stand, capsys):
    stand.apply(NAME)
    stand.emulators[NAME].tamper(FOREIGN)
    before = stand.site.switch_by_name[NAME]
    assert adopt(stand) == 0
    said = capsys.readouterr().out
    assert "Left alone, as the inventory would not be valid otherwise (1):" in said
    assert "  static_routes[prefix=198.51.100.0/24]: IK1607 " in said
    assert "finding" not in said
    assert load(stand.site_folder).findings == []
    after = load_site(stand.site_folder).switch_by_name[NAME]
    assert after.static_routes == before.static_routes
    assert plan_now(stand).action == "none"
    assert run(["plan", str(stand.site_folder), "--layer", "fabric", "--endpoints", str(stand.overlay)]) != 65


def test_what_leaves_management_is_said_with_its_reason(stand, capsys):
    stand.apply(NAME)
    stand.emulators[NAME].tamper(FOREIGN)
    assert adopt(stand) == 0
    said = capsys.readouterr().out
    assert "Warning: the whole device was managed before; these sections of leaf01a are not from now on" in said
    paragraph = said[said.index("Warning:") :]
    assert "  vlans: it differs from what the inventory can say, managing it would send" in paragraph
    assert "set `scope: device` again" in paragraph
    left = {line.strip().partition(":")[0] for line in paragraph.splitlines() if line.startswith("  ")} - {"lines of no section"}
    after = load_site(stand.site_folder).switch_by_name[NAME]
    assert {section.name for section in sections()} == left | set(after.scope)
    assert left == {"vlans", "interfaces", "static_routes"}
    assert adopt(stand) == 0
    assert "Warning" not in capsys.readouterr().out, "said once, when it happens"


def test_a_part_that_is_lost_on_the_switch_but_needed_elsewhere_stays(stand, capsys):
    stand.apply(NAME)
    lag = next(each for each in stand.site.switch_by_name[NAME].lags if each.description == "worker01")
    stand.emulators[NAME].tamper(
        {"lines": [f"interface ethernet{lag.ports[0]}", "no channel-group", "exit", f"no interface port-channel{lag.id}"], "save": True}
    )
    assert adopt(stand) == 0
    assert f"lags[id={lag.id}], which the switch does not have, stays in the inventory: IK" in capsys.readouterr().out
    assert load(stand.site_folder).findings == []


def test_nothing_is_written_where_the_inventory_would_be_invalid_anyhow(stand, capsys, monkeypatch):
    stand.apply(NAME)
    stand.emulators[NAME].tamper(FOREIGN)
    text = (stand.site_folder / "fabric.yaml").read_text()
    finding = Finding("IK9999", "error", "fabric.yaml", 1, 1, "switches", "everything is refused", "think again")
    monkeypatch.setattr("infra_kit.cli.import_._errors", lambda *_: [finding])
    assert adopt(stand) == 1
    assert "would not be valid: IK9999 everything is refused; nothing is written" in capsys.readouterr().err
    assert (stand.site_folder / "fabric.yaml").read_text() == text


def test_a_dry_run_writes_nothing(stand, capsys):
    stand.apply(NAME)
    forget(stand)
    text = (stand.site_folder / "fabric.yaml").read_text()
    assert adopt(stand, NAME, "--dry-run") == 0
    assert "Nothing is written" in capsys.readouterr().out
    assert (stand.site_folder / "fabric.yaml").read_text() == text


def test_a_second_import_has_nothing_to_write(stand, capsys):
    stand.apply(NAME)
    forget(stand)
    assert adopt(stand) == 0
    capsys.readouterr()
    assert adopt(stand) == 0
    assert "says all this already" in capsys.readouterr().out


def test_a_switch_that_is_wholly_as_wanted_stays_managed_as_a_whole(stand, capsys):
    stand.apply(NAME)
    assert adopt(stand) == 0
    said = capsys.readouterr().out
    assert "Scope: the whole device\n" in said
    assert "says all this already" in said
    assert "Left alone" not in said
    assert "Warning" not in said
    assert "leaf01a: it is configured as the inventory asked for before, nothing else is on it\n" in said
    assert "more lines are what every switch has of itself" in said


def test_a_factory_fresh_switch_has_little_to_adopt(stand):
    assert adopt(stand) == 0
    assert "vlans" not in load_site(stand.site_folder).switch_by_name[NAME].scope
    assert plan_now(stand).reason in ("", "unsaved configuration: a reload would bring back an older one")


def test_no_such_switch(stand, capsys):
    assert adopt(stand, "leaf99") == 64
    assert "no switch leaf99" in capsys.readouterr().err


def test_another_switch_than_the_inventory_says(stand, capsys):
    stand.emulators[NAME].tamper({"service_tag": "OTHER77"})
    assert adopt(stand) == 1
    assert "this is another switch" in capsys.readouterr().err

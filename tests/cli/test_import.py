"""Adopting a switch: what it has becomes inventory, and a plan in the scope that was set is empty."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infra_kit.cli.app import run
from infra_kit.inventory.edit import SiteEditor
from infra_kit.inventory.load import load_site

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

"""The resource against the emulated switch over SSH: reading, applying, failing, putting back."""

from __future__ import annotations

import json
import re

import pytest
import switch_bench

from infra_kit.inventory.errors import (
    AuthenticationError,
    IdentityError,
    InventoryError,
    NoSecretError,
    RefusedError,
    TrustError,
    UnreachableError,
    VerificationError,
)
from infra_kit.inventory.load import load_site
from infra_kit.lab.os10.entry import enter
from infra_kit.layers.fabric.client import SwitchReader
from infra_kit.layers.fabric.intent import intent
from infra_kit.layers.fabric.resource import UNSAVED, SwitchConfiguration
from infra_kit.plan.resource import Unknown

NAME = "leaf01a"


def switch(stand):
    return stand.emulators[NAME].switch


def verbs(stand):
    return [verb for verb, _ in stand.emulators[NAME].events.entries]


def test_from_factory_fresh_to_nothing_left(fabric):
    for name in ("leaf02a", "spine01"):
        first = fabric.plan(name)
        assert first.action == "update"
        assert first.disruption == "none"
        assert first.text.startswith("--- running\n+++ wanted\n")
        outcome = fabric.apply(name)
        assert outcome.message.endswith("lines sent, saved")
        assert fabric.plan(name).action == "none"
        assert fabric.emulators[name].switch.startup == list(fabric.emulators[name].switch.running.show())


def test_a_plan_only_shows_and_holds_no_secret(stand):
    observed = stand.read(NAME)
    plan = stand.resource(NAME).diff(observed)
    assert set(verbs(stand)) == {"login", "show"}
    assert verbs(stand).count("login") == 1
    document = json.dumps([observed.state, plan.text, plan.reason, [[each.path, each.before, each.after] for each in plan.changes]])
    assert not any(value in document for value in switch_bench.SECRETS.values())
    assert "$6$" not in document
    assert "«file:.infra-kit/lab/secrets/snmp-community»" in plan.text


def test_reading_twice_gives_the_same_digest(stand):
    assert stand.read(NAME).digest == stand.read(NAME).digest


def test_what_was_changed_by_hand_is_found_and_mended(stand):
    stand.apply(NAME)
    stand.emulators[NAME].tamper({"lines": ["interface vlan101", "mtu 1500", "exit", "ntp server 192.0.2.1"]})
    drift = stand.plan(NAME)
    assert {change.path for change in drift.changes} == {"interface vlan101", "ntp server 192.0.2.1", "startup-configuration"}
    assert "- mtu 1500\n+ mtu 9216" in drift.text
    stand.apply(NAME)
    assert stand.plan(NAME).action == "none"


def test_a_changed_community_is_seen_but_not_shown(stand):
    stand.apply(NAME)
    stand.emulators[NAME].tamper(
        {"lines": ["no snmp-server community bench-community ro", "snmp-server community intruder ro"], "save": True}
    )
    drift = stand.plan(NAME)
    assert re.search("-snmp-server community «hidden-[0-9]+» ro", drift.text)
    assert "intruder" not in drift.text
    stand.apply(NAME)
    assert switch(stand).running.get("snmp-server community bench-community")
    assert not switch(stand).running.get("snmp-server community intruder")


def test_unsaved_configuration_is_found_and_saved(stand):
    stand.apply(NAME)
    switch(stand).startup = switch(stand).startup[:-1]
    plan = stand.plan(NAME)
    assert (plan.action, plan.reason) == ("update", UNSAVED)
    before = len(stand.emulators[NAME].events.entries)
    stand.apply(NAME)
    assert {verb for verb, _ in stand.emulators[NAME].events.entries[before:]} == {"login", "show", "save"}
    assert stand.plan(NAME).action == "none"


def test_the_backup_is_there_before_the_first_line_and_holds_no_secret(stand):
    stand.apply(NAME)
    enter(switch(stand), "configure", switch(stand).running, "snmp-server contact nobody")
    stand.apply(NAME)
    backup = stand.folder / "run" / "backups" / f"{NAME}.cfg"
    text = backup.read_text()
    assert "snmp-server contact nobody" in text
    assert backup.stat().st_mode & 0o777 == 0o600
    assert not any(value in text for value in switch_bench.SECRETS.values())
    assert "$6$" not in text


def test_interruptions_are_named(stand):
    stand.apply(NAME)
    stand.emulators[NAME].tamper(
        {
            "lines": [
                "interface ethernet1/1/1",
                "no channel-group",
                "exit",
                "interface ethernet1/1/20",
                "no shutdown",
                "exit",
                "port-group 1/1/12",
                "exit",
                "no router bgp 64801",
                "router bgp 65000",
            ]
        }
    )
    reason = stand.plan(NAME).reason
    assert "interrupts traffic on ethernet1/1/1" in reason
    assert "shuts down ethernet1/1/20" in reason
    assert "restarts BGP" in reason


class TestRefusals:
    def test_another_service_tag_is_never_touched(self, stand):
        stand.emulators[NAME].tamper({"service_tag": "OTHER77"})
        with pytest.raises(IdentityError, match="service tag OTHER77, the inventory says"):
            stand.read(NAME)
        resource = stand.resource(NAME)
        with stand.running() as context, pytest.raises(IdentityError):
            resource.apply(None, None, context)
        assert "configure" not in verbs(stand)

    def test_another_model_too(self, stand):
        stand.emulators[NAME].tamper({"model": "Z9432F-ON"})
        with pytest.raises(IdentityError, match="model Z9432F-ON"):
            stand.read(NAME)

    def test_a_wrong_password_is_tried_once(self, stand):
        (stand.folder / "password").write_text("wrong")
        with pytest.raises(AuthenticationError, match="login was refused"):
            stand.read(NAME)
        assert verbs(stand).count("login") <= 2

    def test_a_wrong_host_key(self, stand):
        other = stand.host_keys[NAME].with_name("other.key")
        from infra_kit.lab.trust import host_key, known_hosts_line

        stand.known_hosts.write_text(known_hosts_line(host_key(other), "127.0.0.1", stand.ports[NAME]))
        with pytest.raises(TrustError, match="not the pinned one"):
            stand.read(NAME)
        assert verbs(stand) == []

    def test_an_unknown_host_key(self, stand):
        stand.known_hosts.write_text("")
        with pytest.raises(TrustError, match="not pinned"):
            stand.read(NAME)

    def test_no_known_hosts_file(self, stand):
        stand.known_hosts.unlink()
        with pytest.raises(TrustError, match="no pinned SSH host key"):
            stand.read(NAME)

    def test_a_switch_that_is_off(self, stand):
        stand.power_off(NAME)
        with pytest.raises(UnreachableError):
            stand.read(NAME)

    def test_a_secret_that_leads_nowhere_is_unknown(self, stand):
        (stand.site_folder / ".infra-kit/lab/secrets/tacacs-key").unlink()
        with pytest.raises(NoSecretError, match=f"^{NAME}: secret reference file:.infra-kit/lab/secrets/tacacs-key: ".replace(".", r"\.")):
            stand.read(NAME)

    def test_a_scope_without_such_a_section(self, stand):
        wrong = stand.site.switch_by_name[NAME].model_copy(update={"scope": ["vlans", "nonsense"]})
        with pytest.raises(InventoryError, match="nonsense"):
            intent(stand.site, wrong)

    def test_a_reader_does_not_take_a_refusal_for_an_answer(self, stand):
        with stand.reading() as context:
            reader = context.connections.client(NAME, "ssh", SwitchReader, SwitchReader.open)
            with pytest.raises(RefusedError, match="Unrecognized command"):
                reader.show("nonsense")


class TestManagedScope:
    @pytest.fixture
    def vlans_only(self, stand):
        narrow = stand.site.switch_by_name[NAME].model_copy(update={"scope": ["vlans"]})
        return SwitchConfiguration(intent(stand.site, narrow))

    def test_lines_outside_are_neither_changed_nor_removed(self, stand, vlans_only):
        stand.emulators[NAME].tamper(
            {"lines": ["snmp-server contact theirs", "interface vlan999", "exit", "interface loopback5"], "save": True}
        )
        before = {line.text for line in switch(stand).running.lines() if not line.text.startswith("interface vlan")}
        with stand.running() as context:
            vlans_only.apply(None, None, context)
            vlans_only.verify(context)
        after = {line.text for line in switch(stand).running.lines() if not line.text.startswith("interface vlan")}
        assert after == before
        assert "interface vlan999" not in switch(stand).running.block
        assert "interface vlan101" in switch(stand).running.block
        assert switch(stand).running.get("hostname") == "hostname OS10"
        assert "! managed sections: vlans" in vlans_only.intent.text


@pytest.mark.badday
class TestBadDays:
    def test_a_refused_line_puts_everything_back(self, stand, monkeypatch):
        stand.apply(NAME)
        good = list(switch(stand).running.show())
        narrowed = stand.site.fabric.model_copy(update={"mtu": 9000, "banner": "another"})
        site = stand.site.model_copy(update={"fabric": narrowed})
        for name in ("_catalog", "_folder", "_digest"):
            setattr(site, name, getattr(stand.site, name))
        resource = SwitchConfiguration(intent(site, site.switch_by_name[NAME]))
        lines = resource.intent.blocks
        broken = [
            block if block.opening != "interface vlan3901" else type(block)(block.opening, (*block.lines, " frobnicate 3"), block.section)
            for block in lines
        ]
        resource = SwitchConfiguration(
            type(resource.intent)(resource.intent.switch, resource.intent.login, tuple(broken), resource.intent.scope)
        )
        with stand.running() as context, pytest.raises(RefusedError) as raised:
            resource.apply(None, None, context)
        assert "`frobnicate 3` was refused: % Error: Unrecognized command." in str(raised.value)
        assert "put back as it was" in str(raised.value)
        assert list(switch(stand).running.show()) == good
        assert stand.plan(NAME).action == "none"

    def test_a_line_that_is_taken_without_effect_is_noticed_and_put_back(self, stand):
        fresh = list(switch(stand).running.show())
        stand.emulators[NAME].faults.half_apply = True
        with pytest.raises(VerificationError, match=r"took every line, but differs afterwards.*put back as it was"):
            stand.apply(NAME)
        assert list(switch(stand).running.show()) == fresh

    def test_a_connection_cut_in_the_middle_is_put_back_over_a_new_one(self, stand):
        fresh = list(switch(stand).running.show())
        stand.emulators[NAME].faults.drop_after_changes = 100
        with pytest.raises(UnreachableError, match="put back as it was"):
            stand.apply(NAME)
        assert list(switch(stand).running.show()) == fresh
        stand.apply(NAME)
        assert stand.plan(NAME).action == "none"

    def test_a_switch_that_is_gone_for_good_is_said_to_be_half_done_and_converges_later(self, stand):
        emulator = stand.emulators[NAME]
        emulator.faults.drop_after_changes = 50
        emulator.faults.unreachable = False
        original = emulator.opened

        def refuse_after_first(connection):
            emulator.opened = lambda again: again.abort()
            original(connection)

        emulator.opened = refuse_after_first
        with pytest.raises(UnreachableError, match=r"putting it back failed too.*nothing was saved"):
            stand.apply(NAME)
        emulator.opened = original
        assert switch(stand).running.get("hostname") == "hostname OS10"
        stand.apply(NAME)
        assert stand.plan(NAME).action == "none"

    def test_a_switch_that_answers_with_errors(self, stand):
        stand.emulators[NAME].faults.server_errors = 50
        with pytest.raises(RefusedError, match="Internal error"):
            stand.read(NAME)

    def test_the_state_survives_a_restart(self, stand):
        stand.apply(NAME)
        stand.power_off(NAME)
        stand.power_on(NAME)
        assert stand.plan(NAME).action == "none"

    def test_an_unwritable_run_folder_sends_nothing(self, stand):
        from infra_kit.inventory.errors import StateError

        (stand.folder / "run").write_text("a file where a folder should be")
        with pytest.raises(StateError, match="nothing was sent"):
            stand.apply(NAME)
        assert "configure" not in verbs(stand)

    def test_refused_logins(self, stand):
        stand.emulators[NAME].faults.refuse_logins = 1
        with pytest.raises(AuthenticationError):
            stand.read(NAME)
        assert not isinstance(stand.read(NAME), Unknown)


def test_the_site_is_not_changed_by_any_of_it(stand):
    assert load_site(stand.site_folder).digest == stand.site.digest

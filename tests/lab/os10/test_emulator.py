"""The emulated switch as a device: its state, its faults, what it remembers of being asked."""

from __future__ import annotations

import pytest
import switch_bench

from infra_kit.lab.emulator import Login
from infra_kit.lab.faults import Events, Faults
from infra_kit.lab.os10 import build
from infra_kit.lab.os10.session import Session


def test_its_state_survives_and_startup_is_its_own(make_switch):
    from infra_kit.lab.os10.configuration import Line

    switch = make_switch()
    session = Session(switch)
    for line in ("conf t", "interface vlan9", "description kept", "end"):
        session.answer(line)
    state = switch.memory.load()
    again = Line.from_list(state["running"])
    assert list(again.show()) == list(switch.running.show())
    assert "interface vlan9" not in state["startup"]


def test_it_is_loaded_by_build_as_it_was_left(stand):
    stand.emulators["leaf01a"].tamper({"lines": ["interface vlan9"], "save": True})
    stand.power_off("leaf01a")
    again = build(
        stand.site,
        "leaf01a",
        login=Login("u", "p"),
        tls=None,
        host_key=stand.host_keys["leaf01a"],
        state_file=stand.folder / "leaf01a.json",
    )
    assert "interface vlan9" in again.switch.running.block
    assert "interface vlan9" in again.switch.startup


def test_a_switch_without_a_host_key_is_not_built(stand, tmp_path):
    with pytest.raises(ValueError, match="host key"):
        build(stand.site, "leaf01b", login=Login("u", "p"), tls=None, host_key=None, state_file=tmp_path / "s.json")


def test_tampering_says_what_it_cannot_do(make_switch):
    switch = make_switch()
    with pytest.raises(ValueError, match="no such change: nonsense"):
        switch.tamper({"nonsense": 1})
    with pytest.raises(ValueError, match="frobnicate: % Error"):
        switch.tamper({"lines": ["frobnicate"]})
    switch.tamper({"model": "Z9432F-ON", "service_tag": "NEW0001"})
    assert (switch.identity.model, switch.identity.service_tag) == ("Z9432F-ON", "NEW0001")


def test_what_it_remembers(make_switch):
    events = Events()
    session = Session(make_switch(), Faults(), events)
    for line in ("show version", "configure terminal", "hostname x", "end", "write memory", "exit"):
        session.answer(line)
    assert events.entries == [
        ("show", "show version"),
        ("configure", "configure terminal"),
        ("line", "hostname x"),
        ("save", "write memory"),
    ]
    assert session.closed


def test_internal_errors_are_counted_down(make_switch):
    session = Session(make_switch(), Faults(server_errors=1), Events())
    assert session.answer("show version") == "% Error: Internal error."
    assert "OS Version" in session.answer("show version")


def test_half_a_change(make_switch):
    switch = make_switch()
    faults = Faults(half_apply=True)
    session = Session(switch, faults, Events())
    for line in ("configure terminal", "interface vlan9", "description lost", "mtu 9000"):
        assert session.answer(line) == ""
    assert list(switch.running.block["interface vlan9"].show()) == ["no shutdown", "mtu 9000"]
    assert not faults.half_apply


@pytest.fixture
def connect(stand):
    import paramiko

    clients = []

    def open_client(password=switch_bench.PASSWORD):
        client = paramiko.SSHClient()
        client.load_host_keys(str(stand.known_hosts))
        clients.append(client)
        client.connect("127.0.0.1", stand.ports["leaf01a"], switch_bench.USER, password, look_for_keys=False, allow_agent=False, timeout=10)
        return client

    yield open_client
    for client in clients:
        client.close()


def test_wrong_passwords_are_refused_and_never_lock(stand, connect):
    import paramiko

    for _ in range(5):
        with pytest.raises(paramiko.AuthenticationException):
            connect("wrong")
    assert connect().get_transport().is_authenticated()


def test_a_login_that_is_to_be_refused(stand, connect):
    import paramiko

    stand.emulators["leaf01a"].faults.refuse_logins = 1
    with pytest.raises(paramiko.AuthenticationException):
        connect()
    assert connect().get_transport().is_authenticated()


def test_an_unreachable_switch_closes_at_once(stand, connect):
    import paramiko

    stand.emulators["leaf01a"].faults.unreachable = True
    with pytest.raises((paramiko.SSHException, OSError, EOFError)):
        connect()


def test_latency_and_leaving(stand, connect):
    stand.emulators["leaf01a"].faults.latency_s = 0.05
    channel = connect().invoke_shell()
    channel.settimeout(10)
    channel.send("show clock\r\nexit\r\n")
    text = b""
    while data := channel.recv(4096):
        text += data
    assert b"% Error: Unrecognized command." in text
    assert channel.recv_exit_status() == 0

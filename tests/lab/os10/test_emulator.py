"""The emulated switch as a device: its state, its faults, what it remembers of being asked."""

from __future__ import annotations

import pytest
import switch_bench

from infra_kit.lab.emulator import Login
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

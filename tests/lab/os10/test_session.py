"""What a session of the emulated switch remembers, and how it misbehaves on demand."""

from __future__ import annotations

from infra_kit.lab.faults import Events, Faults
from infra_kit.lab.os10.session import Session


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

"""Frames between a machine's cards and the fabric: tags, the aggregation, what happens without one."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from infra_kit.lab.machines.lacp import is_lacp
from infra_kit.lab.machines.uplink import Uplink

if TYPE_CHECKING:
    from collections.abc import Iterator

GUEST, PEER = bytes.fromhex("020000000a01"), bytes.fromhex("020000000b01")
ACTOR = bytes.fromhex("ffff 020000000a01 0009 00ff 0001 47 000000")
# What Linux sends (IEEE 802.1AX, 6.4.2.3): the actor's entry, then what it knows of its partner: nothing yet.
LACP = bytes.fromhex("0180c2000002") + GUEST + bytes.fromhex("8809 01 01 0114") + ACTOR + bytes.fromhex("0214") + bytes(18) + bytes(70)
IPV4 = bytes.fromhex("0800")


class Plugged:
    """An uplink of two cards, untagged and VLAN 102; sockets are in the places of the cards and of the taps."""

    def __init__(self) -> None:
        self.fabric: dict[int, socket.socket] = {}
        taps = {}
        for vlan in (0, 102):
            self.fabric[vlan], tap = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.fabric[vlan].settimeout(5)
            taps[vlan] = tap.detach()
        self.uplink = Uplink("test", 2, taps)
        self.cards = [socket.socket(fileno=os.dup(each)) for each in self.uplink.cables]
        for card in self.cards:
            card.settimeout(5)


@pytest.fixture
def plugged() -> Iterator[Plugged]:
    made = Plugged()
    yield made
    made.uplink.close()
    for each in (*made.fabric.values(), *made.cards):
        each.close()


def test_a_tag_says_the_network(plugged: Plugged) -> None:
    plugged.cards[0].send(PEER + GUEST + IPV4 + b"untagged")
    assert plugged.fabric[0].recv(100) == PEER + GUEST + IPV4 + b"untagged"
    plugged.cards[0].send(PEER + GUEST + bytes.fromhex("8100 0066") + IPV4 + b"tagged")
    assert plugged.fabric[102].recv(100) == PEER + GUEST + IPV4 + b"tagged"
    plugged.fabric[102].send(GUEST + PEER + IPV4 + b"back")
    assert plugged.cards[0].recv(100) == GUEST + PEER + bytes.fromhex("8100 0066") + IPV4 + b"back"


def test_a_tag_that_the_switch_does_not_know_goes_nowhere(plugged: Plugged) -> None:
    plugged.cards[0].send(PEER + GUEST + bytes.fromhex("8100 03e7") + IPV4 + b"lost")
    plugged.cards[0].send(PEER + GUEST + IPV4 + b"next")
    assert plugged.fabric[0].recv(100).endswith(b"next")


def test_without_lacp_the_first_card_has_it_all(plugged: Plugged) -> None:
    for last in range(4):
        plugged.fabric[0].send(GUEST[:5] + bytes([last]) + PEER + IPV4)
        assert plugged.cards[0].recv(100)[5] == last


def test_with_lacp_all_links_are_one(plugged: Plugged) -> None:
    for number, card in enumerate(plugged.cards, 1):
        card.send(LACP)
        said = card.recv(200)
        assert is_lacp(said)
        assert len(said) == 124
        assert said[36:56] == b"\x02\x14" + ACTOR  # it has understood who speaks
        port, state = int.from_bytes(said[30:32]), said[32]
        assert (port, state) == (number, 0x3F)
        assert said[20:26] == bytes.fromhex("020000000001")  # both cards see one and the same switch
    for last in (0, 1):
        plugged.fabric[0].send(GUEST[:5] + bytes([last]) + PEER + IPV4)
    assert {card.recv(100)[5] for card in plugged.cards} == {0, 1}


def test_what_cannot_be_sent_is_lost_and_nothing_else(plugged: Plugged) -> None:
    plugged.fabric[102].close()  # a tap that is down
    plugged.cards[0].send(PEER + GUEST + bytes.fromhex("8100 0066") + IPV4)
    plugged.cards[0].send(b"short")
    plugged.cards[0].send(PEER + GUEST + IPV4 + b"next")
    assert plugged.fabric[0].recv(100).endswith(b"next")

"""The switch's side of a link aggregation: what it answers to a host's LACP (IEEE 802.1AX-2020, 6.4.2.3)."""

from __future__ import annotations

import struct

_SLOW_PROTOCOLS = bytes.fromhex("0180c2000002")
_ETHERTYPE = 0x8809
_HEADER = struct.Struct("!6s6sHBB")
_PARTY = struct.Struct("!BBH6sHHHB3s")
_COLLECTOR = struct.Struct("!BBH12s")
_LACP, _VERSION = 1, 1
_ACTOR, _PARTNER, _COLLECTOR_TYPE = 1, 2, 3
_PARTY_LENGTH, _COLLECTOR_LENGTH = 20, 16
_TERMINATOR = bytes(52)
_IN_STEP = 0x3F
"""Active, short timeout, aggregatable, in sync, collecting, distributing: a switch that agrees with whatever a host proposes."""
_PRIORITY = 0x8000
_KEY = 1
_SYSTEM = bytes.fromhex("020000000001")  # one for both leaves of a pair, as VLT has it

_PARTNER_OF = slice(_HEADER.size + 2, _HEADER.size + _PARTY_LENGTH)
"""Where a message says who sent it, without that entry's type and length."""


def is_lacp(frame: bytes) -> bool:
    """Whether an Ethernet frame is LACP's."""
    if len(frame) < _HEADER.size + _PARTY_LENGTH:
        return False
    to, _, kind, protocol, _ = _HEADER.unpack_from(frame)
    return (to, kind, protocol) == (_SLOW_PROTOCOLS, _ETHERTYPE, _LACP)


def answer(frame: bytes, port: int) -> bytes:
    """What the switch says to a host's message: yes, on a port of the one aggregation.

    Args:
        frame: the message.
        port: number of the switch port that it came by, from 1.
    """
    header = _HEADER.pack(_SLOW_PROTOCOLS, _SYSTEM[:5] + bytes([port]), _ETHERTYPE, _LACP, _VERSION)
    actor = _PARTY.pack(_ACTOR, _PARTY_LENGTH, _PRIORITY, _SYSTEM, _KEY, _PRIORITY, port, _IN_STEP, b"")
    partner = bytes([_PARTNER, _PARTY_LENGTH]) + frame[_PARTNER_OF]
    return header + actor + partner + _COLLECTOR.pack(_COLLECTOR_TYPE, _COLLECTOR_LENGTH, 0, b"") + _TERMINATOR

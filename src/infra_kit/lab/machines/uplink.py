"""What a machine's network cards are plugged into: a port-channel of the fabric, with LACP where the machine speaks it, and its VLANs.

Linux has all of this, but not every kernel that a lab runs on was built with it; so it is done here, frame by frame.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
import time
from typing import TYPE_CHECKING

from infra_kit.lab.machines.lacp import answer, is_lacp

if TYPE_CHECKING:
    from collections.abc import Mapping

_FRAME = 65550  # bytes: the largest that a card sends, with its header
_ADDRESSES = 12
_TAG = b"\x81\x00"  # IEEE 802.1Q
_TAG_END = _ADDRESSES + 4
_VLAN_BITS = 0x0FFF
_SHORTEST = 14
_QUEUE = 1 << 20  # bytes that a socket to a machine takes; a frame of 9 kB is 100 times in it
_EXPIRES_S = 12.0
"""Without a message for so long, a link of an aggregation is left out. LACP says 3 s; an emulated machine may be kept waiting longer."""


class Uplink:
    """The links between one machine's cards and the fabric. It works in a thread of its own until it is closed.

    Args:
        name: of the thread.
        cards: how many links there are.
        taps: VLAN -> descriptor of the tap in the fabric that its frames go to; 0: untagged. They are the uplink's from now on.
    """

    def __init__(self, name: str, cards: int, taps: Mapping[int, int]) -> None:
        """At work when this returns."""
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(cards)]
        self._ours = [pair[0] for pair in pairs]
        self._theirs = [pair[1] for pair in pairs]
        for each in (*self._ours, *self._theirs):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _QUEUE)
            each.setblocking(False)
        self._taps = dict(taps)
        self._heard = [0.0] * cards
        self._wake, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._work, name=f"uplink {name}", daemon=True)
        self._thread.start()

    @property
    def cables(self) -> list[int]:
        """The machine's ends of the links: descriptors of datagram sockets, one frame a datagram."""
        return [each.fileno() for each in self._theirs]

    def close(self) -> None:
        """Unplug all; the taps are gone."""
        self._waker.close()
        self._thread.join()
        for each in (*self._ours, *self._theirs, self._wake):
            each.close()
        for tap in self._taps.values():
            os.close(tap)

    def _work(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ, ("end", 0))
            for number, link in enumerate(self._ours):
                selector.register(link, selectors.EVENT_READ, ("card", number))
            for vlan, tap in self._taps.items():
                os.set_blocking(tap, False)
                selector.register(tap, selectors.EVENT_READ, ("tap", vlan))
            while True:
                for key, _ in selector.select():
                    kind, number = key.data
                    if kind == "end":
                        return
                    # A tap that is down, and a machine that is frozen or off, take nothing: the frame is lost, as on any cable.
                    with contextlib.suppress(OSError):
                        self._from_machine(number) if kind == "card" else self._from_fabric(number)

    def _from_machine(self, card: int) -> None:
        frame = self._ours[card].recv(_FRAME)
        if is_lacp(frame):
            self._heard[card] = time.monotonic()
            self._ours[card].send(answer(frame, card + 1))
            return
        vlan = 0
        if frame[_ADDRESSES : _ADDRESSES + 2] == _TAG:
            vlan = int.from_bytes(frame[_ADDRESSES + 2 : _TAG_END]) & _VLAN_BITS
            frame = frame[:_ADDRESSES] + frame[_TAG_END:]
        tap = self._taps.get(vlan)
        if tap is not None and len(frame) >= _SHORTEST:
            os.write(tap, frame)

    def _from_fabric(self, vlan: int) -> None:
        frame = os.read(self._taps[vlan], _FRAME)
        if vlan:
            frame = frame[:_ADDRESSES] + _TAG + vlan.to_bytes(2) + frame[_ADDRESSES:]
        self._link(frame).send(frame)

    def _link(self, frame: bytes) -> socket.socket:
        """That of the aggregation which the addresses of a frame say; without LACP the first, as a switch port does that falls back."""
        now = time.monotonic()
        up = [link for link, heard in zip(self._ours, self._heard, strict=True) if now - heard < _EXPIRES_S] or self._ours[:1]
        return up[sum(frame[:_ADDRESSES]) % len(up)]

"""A tap: a network interface whose other end is a descriptor of a program."""

from __future__ import annotations

import fcntl
import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_kit.lab.hosts.namespace import Namespace

_SET_INTERFACE = 0x400454CA  # linux/if_tun.h: TUNSETIFF
_TAP, _NO_INFORMATION = 0x0002, 0x1000


def open_tap(namespace: Namespace, name: str) -> int:
    """Make a tap in a namespace; it is gone when the descriptor that this gives is closed.

    Raises:
        OSError: this machine has no taps, or the name is taken.
    """

    def make() -> int:
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(descriptor, _SET_INTERFACE, struct.pack("16sH22x", name.encode("ascii"), _TAP | _NO_INFORMATION))
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    return namespace.call(make)

"""Refuses, in this process, every connection that would leave the machine.

An audit hook sees each connect, bind, send and name look-up of Python's own sockets, whatever library asked for it. What would go
beyond 127.0.0.0/8, ::1 or a Unix socket raises BeyondLoopbackError before a packet leaves, and is noted in a file, so that a
test fails even where the code under test swallows the error. A socket of another network namespace than this process's is one of
the lab's own fabric, which has no link to the machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import os
import socket
import sys
import traceback
from pathlib import Path

LOG_VARIABLE = "INFRA_KIT_TEST_GUARD_LOG"
"""Names the file in which violations are noted; children inherit it."""

_SIOCGSKNS = 0x894C  # linux/sockios.h: the network namespace that a socket is of
_ADDRESSED = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_NAMED = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})


class BeyondLoopbackError(RuntimeError):
    """The code under test tried to reach beyond this machine."""


def is_local(host: str) -> bool:
    """Whether an address or name stays on this machine. A name is never looked up to find out."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host in _LOCAL_NAMES
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_elsewhere(asked: socket.socket) -> bool:
    """Whether a socket is of a network namespace that is not this process's."""
    with contextlib.suppress(OSError):
        namespace = fcntl.ioctl(asked.fileno(), _SIOCGSKNS)
        try:
            return os.fstat(namespace).st_ino != Path("/proc/self/ns/net").stat().st_ino
        finally:
            os.close(namespace)
    return False


def _host(event: str, arguments: tuple[object, ...]) -> str | None:
    """The host that an audited call names, or None where it names none or is not of an Internet family."""
    if event in _ADDRESSED:
        asked, address = arguments[0], arguments[1]
        families = (socket.AF_INET, socket.AF_INET6)
        if not isinstance(asked, socket.socket) or asked.family not in families or not isinstance(address, tuple):
            return None
        if not is_local(str(address[0])) and _is_elsewhere(asked):
            return None
        return str(address[0])
    if event in _NAMED:
        host = arguments[0]
        return host.decode() if isinstance(host, bytes) else str(host) if host else None
    return None


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event not in _ADDRESSED and event not in _NAMED:
        return
    host = _host(event, arguments)
    # A machine may look its own name up (it resolves to some interface's address), but not connect to that address.
    if host is None or is_local(host) or (event in _NAMED and host == socket.gethostname()):
        return
    message = f"{event} of {host!r}: tests stay on loopback"
    note = os.environ.get(LOG_VARIABLE)
    if note:
        with Path(note).open("a", encoding="utf-8") as file:
            file.write(f"{message} (pid {os.getpid()})\n{''.join(traceback.format_stack(limit=12))}\n")
    raise BeyondLoopbackError(message)


def install() -> None:
    """Watch this process from now on; there is no way back, by design of audit hooks."""
    if not getattr(sys, "infra_kit_guarded", False):
        sys.infra_kit_guarded = True  # type: ignore[attr-defined]
        sys.addaudithook(_watch)

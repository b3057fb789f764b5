"""MAC addresses of interfaces of which nobody says one."""

from __future__ import annotations

import hashlib


def stable_mac(host: str, interface: str) -> str:
    """A locally administered address that follows from the names, so that it is the same after a reboot."""
    digest = hashlib.sha256(f"{host} {interface}".encode()).hexdigest()
    return ":".join(["02", *(digest[place : place + 2] for place in range(0, 10, 2))])

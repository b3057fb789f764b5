"""Identities that only the real machine can tell, until someone reads them off it: unique, repeatable, well formed.

MACs are locally administered (the second lowest bit of the first octet is set), so none belongs to a manufacturer.
"""

from __future__ import annotations

_SYMBOLS = "BCDFGHJKLMNPQRSTVWXYZ123456789"
_LENGTH = 6
_STRIDE = 486_187_739
"""A prime that does not divide the number of tags: consecutive numbers give unlike tags, each once."""


def service_tag(kind: str, number: int) -> str:
    """A service tag: a letter for the kind of device, then six symbols.

    It starts with a letter so that YAML never takes it for a number.
    """
    value = (number * _STRIDE) % len(_SYMBOLS) ** _LENGTH
    symbols = []
    for _ in range(_LENGTH):
        value, rest = divmod(value, len(_SYMBOLS))
        symbols.append(_SYMBOLS[rest])
    return kind + "".join(symbols)


def mac(family: int, number: int, port: int = 0) -> str:
    """A locally administered MAC address.

    Args:
        family: one byte that tells NICs, BMCs and VLT domains apart.
        number: the device's number, up to 65535.
        port: the port's number on the device.
    """
    return f"02:1c:{family:02x}:{number >> 8:02x}:{number & 255:02x}:{port:02x}"

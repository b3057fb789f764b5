"""Defence in depth: whatever is written or printed passes here, should a secret ever have got into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Mask = Callable[[str], str]
"""Replaces every secret known so far."""


def masked(value: Any, mask: Mask) -> Any:
    """A JSON-able value with every text in it masked, keys included."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(str(key)): masked(each, mask) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each, mask) for each in value]
    return value

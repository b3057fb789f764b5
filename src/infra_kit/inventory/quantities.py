"""Kubernetes quantities as numbers (kubernetes.io, reference, common definitions, Quantity)."""

from __future__ import annotations

from decimal import Decimal

_FACTORS = {
    "": 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}


def millicores(quantity: str) -> int:
    """A CPU quantity (`2`, `0.5`, `500m`) in thousandths of a core, rounded up as Kubernetes does."""
    if quantity.endswith("m"):
        return _ceiling(Decimal(quantity[:-1]))
    return _ceiling(Decimal(quantity) * 1000)


def in_bytes(quantity: str) -> int:
    """A memory quantity (`8Gi`, `512Mi`, `1G`) in bytes, rounded up as Kubernetes does."""
    digits = quantity.rstrip("KMGTik")
    return _ceiling(Decimal(digits) * _FACTORS[quantity[len(digits) :]])


def _ceiling(value: Decimal) -> int:
    whole = int(value)
    return whole if value == whole else whole + 1

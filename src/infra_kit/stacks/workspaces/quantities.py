"""Numbers as Kubernetes quantities (the way back is in `infra_kit.inventory.quantities`)."""

from __future__ import annotations

_MEBI = 2**20
_UNITS = (("Gi", 2**30), ("Mi", _MEBI))


def cpu(millicores: int) -> str:
    """Thousandths of a core as the API server itself writes them: `1500m`, `2`."""
    return f"{millicores}m" if millicores % 1000 else str(millicores // 1000)


def memory(size_bytes: int) -> str:
    """Bytes, rounded down to whole mebibytes, in the largest binary unit that divides them: `1536Mi`, `2Gi`."""
    whole = size_bytes // _MEBI * _MEBI
    for unit, factor in _UNITS:
        if whole % factor == 0:
            return f"{whole // factor}{unit}"
    raise AssertionError("a multiple of a mebibyte is one")

from __future__ import annotations

import pytest

from infra_kit.inventory.quantities import in_bytes, millicores


@pytest.mark.parametrize(("quantity", "value"), [("2", 2000), ("0.5", 500), ("500m", 500), ("0.0001", 1), ("1.5m", 2), ("0", 0)])
def test_cpu(quantity: str, value: int) -> None:
    assert millicores(quantity) == value


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        ("7", 7),
        ("1k", 1000),
        ("8Gi", 8 * 2**30),
        ("512Mi", 2**29),
        ("1.5Ki", 1536),
        ("1G", 10**9),
        ("2Ti", 2**41),
        ("1T", 10**12),
        ("0.1", 1),
    ],
)
def test_memory(quantity: str, value: int) -> None:
    assert in_bytes(quantity) == value

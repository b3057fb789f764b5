from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from infra_kit.inventory import types

GOOD: list[tuple[str, Any]] = [
    ("Address", "10.0.0.1"),
    ("Subnet", "10.0.0.0/24"),
    ("InterfaceAddress", "10.0.0.1/31"),
    ("Name", "worker01"),
    ("Name", "a"),
    ("Name", "a" * 63),
    ("DomainName", "a.example.internal"),
    ("Host", "NTP.example.com"),
    ("Host", "10.0.0.1"),
    ("Mac", "02:1c:01:00:06:00"),
    ("ServiceTag", "J9W8JBZ"),
    ("VlanId", 1),
    ("VlanId", 4094),
    ("Mtu", 9216),
    ("PortName", "1/1/53"),
    ("PortName", "1/1/53:2"),
    ("PortGroupName", "1/1/13"),
    ("PortMode", "25g-4x"),
    ("LagId", 1000),
    ("CpuQuantity", "500m"),
    ("MemoryQuantity", "8Gi"),
]
BAD: list[tuple[str, Any]] = [
    ("Address", "10.0.0.256"),
    ("Address", "10.0.0.1/24"),
    ("Address", 167772161),
    ("Subnet", "10.0.0.1/24"),
    ("Subnet", "10.0.0.0/33"),
    ("Subnet", 7),
    ("InterfaceAddress", "10.0.0.1"),
    ("InterfaceAddress", "10.0.0.1/40"),
    ("Name", "Worker01"),
    ("Name", "-a"),
    ("Name", "a-"),
    ("Name", ""),
    ("Name", "a" * 64),
    ("Name", "a\n"),
    ("DomainName", "a..b"),
    ("Host", "a b"),
    ("Mac", "02-1c-01-00-06-00"),
    ("Mac", "02:1C:01:00:06:00"),
    ("ServiceTag", "J9W8JB"),
    ("VlanId", 0),
    ("VlanId", 4095),
    ("VlanId", "7"),
    ("VlanId", True),
    ("Mtu", 9217),
    ("PortName", "1/1/0"),
    ("PortName", "ethernet1/1/1"),
    ("PortName", "1/1/1:9"),
    ("PortGroupName", "1/1/13:1"),
    ("PortMode", "25g-3x"),
    ("LagId", 0),
    ("CpuQuantity", "-1"),
    ("MemoryQuantity", "8 Gi"),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_good_values_come_back_as_written(name: str, value: Any) -> None:
    adapter = TypeAdapter(getattr(types, name))
    typed = adapter.validate_python(value)
    assert adapter.dump_python(typed) == value
    assert adapter.validate_python(typed) == typed


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_values_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(getattr(types, name)).validate_python(value, strict=True)

"""Every constrained type of the inventory, once: models, commands and rules use these and no others."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, NetmaskValueError
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints


def _text(value: Any, kind: str) -> str:
    if not isinstance(value, str):
        msg = f"{kind} is text, got {type(value).__name__}"
        raise ValueError(msg)  # noqa: TRY004  pydantic turns ValueError into a finding, TypeError into a crash
    return value


def _address(value: Any) -> IPv4Address:
    if isinstance(value, IPv4Address):
        return value
    try:
        return IPv4Address(_text(value, "an IPv4 address"))
    except AddressValueError as error:
        msg = f"not an IPv4 address: {error}"
        raise ValueError(msg) from error


def _network(value: Any) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    try:
        return IPv4Network(_text(value, "an IPv4 subnet"))
    except (AddressValueError, NetmaskValueError) as error:
        msg = f"not an IPv4 subnet: {error}"
        raise ValueError(msg) from error


def _interface(value: Any) -> IPv4Interface:
    if isinstance(value, IPv4Interface):
        return value
    text = _text(value, "an IPv4 interface address")
    if "/" not in text:
        msg = "an interface address carries its prefix length, such as 10.0.0.1/31"
        raise ValueError(msg)
    try:
        return IPv4Interface(text)
    except (AddressValueError, NetmaskValueError) as error:
        msg = f"not an IPv4 interface address: {error}"
        raise ValueError(msg) from error


_AS_TEXT = PlainSerializer(str, return_type=str)

Address = Annotated[
    IPv4Address, BeforeValidator(_address, json_schema_input_type=str), _AS_TEXT, Field(json_schema_extra={"format": "ipv4"})
]
"""An IPv4 address, written as text."""

Subnet = Annotated[IPv4Network, BeforeValidator(_network, json_schema_input_type=str), _AS_TEXT]
"""An IPv4 network in CIDR form without host bits."""

InterfaceAddress = Annotated[IPv4Interface, BeforeValidator(_interface, json_schema_input_type=str), _AS_TEXT]
"""An IPv4 address with its prefix length, such as 10.0.0.1/31."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
"""A name of ours, usable as a host name label (RFC 1123): lower case, digits, hyphens, 1 to 63 characters."""

DomainName = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", max_length=253)
]
"""A DNS name in lower case."""

Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$")]
"""A DNS name or an address, where a device accepts either."""

Mac = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")]
"""A MAC address in lower case with colons."""

ServiceTag = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{7}$")]
"""A Dell service tag: seven capital letters and digits."""

VlanId = Annotated[int, Field(ge=1, le=4094)]
"""An IEEE 802.1Q VLAN id; 4094 is the VLT's own on OS10 (rule IK1501), but legal here so that the rule can say so."""

Mtu = Annotated[int, Field(ge=576, le=9216)]
"""A maximum transmission unit in bytes, link headers not counted as the device in question counts them."""

Asn = Annotated[int, Field(ge=1, le=4294967295)]
"""A BGP autonomous system number."""

PortName = Annotated[str, StringConstraints(pattern=r"^[1-9]/[1-9]/[1-9][0-9]?(:[1-8])?$")]
"""A switch port as OS10 writes it behind `ethernet`: 1/1/53, or 1/1/53:2 for a lane of a broken-out port."""

PortGroupName = Annotated[str, StringConstraints(pattern=r"^[1-9]/[1-9]/[1-9][0-9]?$")]
"""A port-group as OS10 writes it: 1/1/13."""

PortMode = Annotated[str, StringConstraints(pattern=r"^(10|25|40|50|100|200|400)g-[1248]x$")]
"""A breakout or port-group mode as OS10 writes it: 25g-4x, 100g-1x."""

LagId = Annotated[int, Field(ge=1, le=1000)]
"""A port-channel number; 1000 is the VLT's own on OS10 (a rule says so)."""

SpeedGbps = Annotated[int, Field(gt=0, le=800)]
"""A link speed in gigabits a second."""

Watts = Annotated[int, Field(ge=0, le=100_000)]
"""Electrical power in watts."""

GiB = Annotated[int, Field(gt=0)]
"""Memory or disk in binary gigabytes (2**30 bytes)."""

GB = Annotated[int, Field(gt=0)]
"""Disk capacity in decimal gigabytes (10**9 bytes), as drives are sold."""

TB = Annotated[float, Field(gt=0)]
"""Capacity in decimal terabytes (10**12 bytes)."""

RackUnit = Annotated[int, Field(ge=1, le=60)]
"""A rack unit counted from the bottom; a device is placed by the lowest unit it fills."""

Count = Annotated[int, Field(ge=0)]
"""How many."""

PositiveCount = Annotated[int, Field(ge=1)]
"""How many, at least one."""

SecretReference = Annotated[str, StringConstraints(min_length=1, max_length=512)]
"""Where a secret is, never the secret: env:NAME, file:PATH, ansible-vault:FILE#KEY, vault:PATH#KEY (rules check the form)."""

CpuQuantity = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?m?$")]
"""A Kubernetes CPU quantity: 2, 0.5, 500m."""

MemoryQuantity = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$")]
"""A Kubernetes memory quantity: 8Gi, 512Mi."""

ImageDigest = Annotated[str, StringConstraints(pattern=r"^(sha256:[0-9a-f]{64})?$")]
"""A container image's digest, or nothing."""

ImageLayer = Annotated[str, StringConstraints(pattern=r"^(python|(apt|pip|npm|program):[^\s].*)$")]
"""A layer of an image that the lab makes: `apt:`, `pip:`, `npm:` or `program:` and what to install, or `python` for Python alone."""

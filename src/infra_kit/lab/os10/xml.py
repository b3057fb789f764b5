"""`show ... | display-xml`: the parts of OS10's XML that public clients read (os10_facts, napalm-dellos10)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from infra_kit.lab.os10.grammar import UNRECOGNIZED, RefusedLineError
from infra_kit.lab.os10.switch import OS_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.lab.os10.switch import EmulatedSwitch

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<rpc-reply>\n'


def show_xml(switch: EmulatedSwitch, command: str) -> str:
    """The XML answer.

    Raises:
        RefusedLineError: this command has none here.
    """
    if command not in _ANSWERS:
        raise RefusedLineError(UNRECOGNIZED)
    return f"{_HEAD}{_ANSWERS[command](switch)}\n</rpc-reply>"


def _version(switch: EmulatedSwitch) -> str:
    name = escape((switch.running.get("hostname") or "hostname OS10").split()[1])
    return (
        f"<data><system-state><system-status><hostname>{name}</hostname><uptime>86400</uptime></system-status></system-state>"
        f"<system-sw-state><sw-version><sw-version>{OS_VERSION}</sw-version><sw-name>Enterprise</sw-name>"
        f"<sw-name-long>Dell SmartFabric OS10 Enterprise</sw-name-long><sw-platform>{escape(switch.identity.model)}</sw-platform>"
        "<cpu-arch>x86_64</cpu-arch></sw-version></system-sw-state></data>"
    )


def _system(switch: EmulatedSwitch) -> str:
    return (
        "<data><system><node><node-id>1</node-id><unit><unit-id>1</unit-id><mfg-info>"
        f"<product-name>{escape(switch.identity.model)}</product-name><service-tag>{escape(switch.identity.service_tag)}</service-tag>"
        "</mfg-info></unit></node></system></data>"
    )


def _interface(switch: EmulatedSwitch) -> str:
    rows = []
    for line in switch.running.find("interface "):
        if not line.mode:
            continue
        name = line.text.removeprefix("interface ")
        enabled = "false" if line.get("shutdown") == "shutdown" else "true"
        description = (line.get("description") or "description ").removeprefix("description ")
        address = (line.get("ip address") or "").removeprefix("ip address ")
        primary = f"<ipv4><address><primary-addr>{escape(address)}</primary-addr></address></ipv4>" if address else ""
        mtu = (line.get("mtu") or "mtu 1532").split()[-1]
        rows.append(
            f"<interface><name>{name}</name><description>{escape(description)}</description><enabled>{enabled}</enabled>"
            f"<mtu>{mtu}</mtu><duplex>auto</duplex>{primary}</interface>"
        )
    return f"<data><interfaces>{''.join(rows)}</interfaces></data>"


def _lldp(_switch: EmulatedSwitch) -> str:
    return "<bulk><data></data></bulk>"


_ANSWERS: dict[str, Callable[[EmulatedSwitch], str]] = {
    "show version": _version,
    "version": _version,
    "system": _system,
    "interface": _interface,
    "lldp neighbors": _lldp,
}

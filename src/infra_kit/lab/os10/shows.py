"""What the switch prints for `show ...`: text in the shape of recorded outputs, XML where clients ask for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.lab.os10.configuration import natural
from infra_kit.lab.os10.grammar import INCOMPLETE, UNRECOGNIZED, RefusedLineError
from infra_kit.lab.os10.switch import OS_VERSION
from infra_kit.lab.os10.xml import show_xml

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.lab.os10.switch import EmulatedSwitch

_SECTIONS = {
    "bgp": "router bgp",
    "interface": "interface ",
    "vlt": "vlt-domain",
    "snmp": "snmp-server",
    "users": "username",
    "ntp": "ntp",
    "logging": "logging",
    "spanning-tree": "spanning-tree",
    "prefix-list": "ip prefix-list",
    "uplink-state-group": "uplink-state-group",
    "aaa": "aaa",
    "lldp": "lldp",
}
"""`show running-configuration SECTION`: the lines that begin so."""


def show(switch: EmulatedSwitch, request: str) -> str:
    """The answer to `show REQUEST`.

    Raises:
        RefusedLineError: no such command.
    """
    command, *filters = [part.strip() for part in request.split("|")]
    if "display-xml" in filters:
        return show_xml(switch, " ".join(command.split()))
    text = _text(switch, command.split())
    for each in filters:
        text = _filtered(text, each)
    return text


def _filtered(text: str, how: str) -> str:
    verb, _, pattern = how.partition(" ")
    if verb in ("no-more", "no"):
        return text
    if verb in ("grep", "except", "find") and pattern:
        wanted = re.compile(re.escape(pattern.strip("\"'")))
        lines = text.split("\n")
        if verb == "find":
            start = next((number for number, line in enumerate(lines) if wanted.search(line)), len(lines))
            return "\n".join(lines[start:])
        return "\n".join(line for line in lines if bool(wanted.search(line)) == (verb == "grep"))
    raise RefusedLineError(UNRECOGNIZED)


def _text(switch: EmulatedSwitch, words: list[str]) -> str:
    if not words:
        raise RefusedLineError(INCOMPLETE)
    if words[0].startswith("run") and "running-configuration".startswith(words[0]):
        return _running(switch, words[1:])
    if words[0].startswith("start") and "startup-configuration".startswith(words[0]):
        return "\n".join([*_head(switch), *switch.startup])
    command = " ".join(words)
    for pattern, answer in _ANSWERS:
        if re.fullmatch(pattern, command):
            return answer(switch)
    raise RefusedLineError(UNRECOGNIZED)


def _head(switch: EmulatedSwitch) -> list[str]:
    return [f"! Version {OS_VERSION}", f"! Last configuration change at {switch.changed_at:%b  %d %H:%M:%S %Y}", "!"]


def _running(switch: EmulatedSwitch, words: list[str]) -> str:
    everything = words == ["all"]
    if not words or everything:
        return "\n".join([*_head(switch), *switch.running.show(everything=everything)])
    start = _SECTIONS.get(words[0])
    if start is None:
        raise RefusedLineError(UNRECOGNIZED)
    wanted = _section(start.strip(), words)
    shown: list[str] = []
    for line in switch.running.lines():
        if wanted.match(line.text):
            shown.extend(["!"] if line.mode else [])
            shown.extend([line.text, *(f" {inner}" for inner in line.show())])
    return "\n".join(shown)


def _section(start: str, words: list[str]) -> re.Pattern[str]:
    """What the lines of a section begin with: `interface ethernet 1/1/3` is that port alone, `interface ethernet` every one."""
    name = "".join(words[1:])
    every_one = not name or (words[0] == "interface" and not name[-1].isdigit())
    return re.compile(re.escape(f"{start} {name}".strip()) + ("" if every_one else r"(?!\S)"))


def _version(switch: EmulatedSwitch) -> str:
    return "\n".join(
        (
            "Dell SmartFabric OS10 Enterprise",
            "Copyright (c) 1999-2023 by Dell Inc. All Rights Reserved.",
            f"OS Version: {OS_VERSION}",
            f"Build Version: {OS_VERSION}.250",
            "Build Time: 2023-11-15T20:40:22+0000",
            f"System Type: {switch.identity.model}",
            "Architecture: x86_64",
            "Up Time: 1 day 00:00:00",
        )
    )


def _inventory(switch: EmulatedSwitch) -> str:
    return "\n".join(
        (
            f"Product               : {switch.identity.model}",
            f"Software version      : {OS_VERSION}",
            "Product Base          :",
            "Product Serial Number :",
            "Product Part Number   :",
            "",
            "Unit Type                     Part Number  Rev  Piece Part ID             Svc Tag  Exprs Svc Code",
            "--------------------------------------------------------------------------------------------------",
            f"* 1  {switch.identity.model:<24}                                              {switch.identity.service_tag}",
        )
    )


def _system(switch: EmulatedSwitch) -> str:
    name = (switch.running.get("hostname") or "hostname OS10").split()[1]
    return "\n".join(
        (
            "Node Id              : 1",
            f"MAC                  : {_mac(switch)}",
            "Number of MACs       : 256",
            "Up Time              : 1 day 00:00:00",
            f"Host Name            : {name}",
            "",
            "-- Unit 1 --",
            "Status                     : up",
            f"System Identifier          : {switch.identity.service_tag}",
            f"Service Tag                : {switch.identity.service_tag}",
            f"Required Type              : {switch.identity.model}",
            f"Current Type               : {switch.identity.model}",
            f"Software Version           : {OS_VERSION}",
        )
    )


def _mac(switch: EmulatedSwitch) -> str:
    return ":".join(("34:17:eb", *(f"{ord(letter):02x}" for letter in switch.identity.service_tag[-3:])))


def _interface_status(switch: EmulatedSwitch) -> str:
    rows = [f"{'Port':<18}{'Description':<24}{'Status':<8}{'Speed':<8}{'Mode':<6}{'Vlan':<6}"]
    for port, speed in switch.ports().items():
        line = switch.running.block[f"interface ethernet{port}"]
        up = line.get("shutdown") == "no shutdown"
        mode = "-" if line.get("switchport") else "T" if line.get("switchport mode") else "A"
        description = (line.get("description") or "description ").removeprefix("description ")
        vlan = (line.get("switchport access vlan") or "-").split()[-1]
        rows.append(f"{'Eth ' + port:<18}{description[:22]:<24}{'up' if up else 'down':<8}{f'{speed}G':<8}{mode:<6}{vlan:<6}")
    return "\n".join(rows)


def _vlan(switch: EmulatedSwitch) -> str:
    rows = ["Codes: * - Default VLAN", "Q: A - Access (Untagged), T - Tagged", "    NUM    Status    Description"]
    for line in sorted(switch.running.find("interface vlan"), key=lambda each: natural(each.text)):
        number = line.text.removeprefix("interface vlan")
        status = "Active" if line.get("shutdown") == "no shutdown" else "Inactive"
        description = (line.get("description") or "").removeprefix("description ")
        rows.append(f"{'*' if number == '1' else ' '}   {number:<7}{status:<10}{description}".rstrip())
    return "\n".join(rows)


def _vlt(switch: EmulatedSwitch) -> str:
    for line in switch.running.find("vlt-domain "):
        priority = (line.get("primary-priority") or "primary-priority 32768").split()[-1]
        mac = (line.get("vlt-mac") or f"vlt-mac {_mac(switch)}").split()[-1]
        return "\n".join(
            (
                f"Domain ID                              : {line.text.split()[1]}",
                "Unit ID                                : 1",
                "Role                                   : primary",
                "Version                                : 3.1",
                f"Local System MAC address               : {_mac(switch)}",
                f"Role priority                          : {priority}",
                f"VLT MAC address                        : {mac}",
                "IP address                             : fda5:74c8:b79e:1::1",
                f"Delay-Restore timer                    : {(line.get('delay-restore') or 'delay-restore 90').split()[-1]} seconds",
                "Peer-Routing                           : " + ("Enabled" if line.get("peer-routing") else "Disabled"),
            )
        )
    return "% Error: VLT is not configured"


def _lldp(_switch: EmulatedSwitch) -> str:
    return "Loc PortID          Rem Host Name        Rem Port Id                         Rem Chassis Id"


def _processes(_switch: EmulatedSwitch) -> str:
    return "KiB Mem :  8127144 total,  2297272 used,  5829872 free,   137360 buffers"


_ANSWERS: tuple[tuple[str, Callable[[EmulatedSwitch], str]], ...] = (
    (r"ver(sion)?", _version),
    (r"inv(entory)?", _inventory),
    (r"system", _system),
    (r"int(erface)? status", _interface_status),
    (r"vlan", _vlan),
    (r"vlt \d+", _vlt),
    (r"lldp neighbors", _lldp),
    (r"processes node-id 1", _processes),
)

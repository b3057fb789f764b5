"""The configuration of a switch as it comes out of the box, reached at its management address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.lab.os10.configuration import Line
from infra_kit.lab.os10.grammar import grammar
from infra_kit.lab.os10.switch import EmulatedSwitch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra_kit.inventory.models.site import Site

FactoryLine = tuple[str, tuple[str, ...], str]
"""Mode, path of the block, line."""

_GLOBALS = (
    "iscsi target port 860",
    "iscsi target port 3260",
    "hash-algorithm ecmp xor",
    "hostname OS10",
    "aaa authentication login default local",
    "aaa authentication login console local",
    "ip ssh server enable",
    "spanning-tree mode rstp",
    "lldp enable",
    "class-map type application class-iscsi",
    "policy-map type application policy-iscsi",
    "support-assist",
    "telemetry",
)
PORT_LINES = ("no shutdown", "switchport access vlan 1", "flowcontrol receive off")
"""What an untouched port shows."""


def delivered(site: Site, name: str, user: str, state_file: Path) -> EmulatedSwitch:
    """The switch of that name in the inventory, as its memory has it or fresh from the factory."""
    switch = EmulatedSwitch.of_site(site, name, user, state_file)
    if not switch.recall():
        reset(switch)
    return switch


def reset(switch: EmulatedSwitch) -> None:
    """Make it fresh from the factory."""
    switch.running = Line("")
    for mode, path, line in factory_lines(switch):
        parent = switch.running
        for slot in path:
            parent = parent.block[slot]
        switch.store(parent, grammar().read(mode, line))
    switch.startup = list(switch.running.show())


def factory_lines(switch: EmulatedSwitch) -> Iterator[FactoryLine]:
    """Every line of the factory configuration."""
    identity = switch.identity
    top: tuple[str, ...] = ()
    for line in _GLOBALS:
        yield "configure", top, line
    yield "configure", top, f"system-user linuxadmin password {switch.password_hash('linuxadmin')}"
    yield "configure", top, f"username {identity.user} password {switch.password_hash(identity.user)} role sysadmin priv-lvl 15"
    yield from _block("vlan", "interface vlan1", "no shutdown")
    yield from _block("mgmt", "interface mgmt1/1/1", "no shutdown", f"ip address {identity.management_address}")
    for breakouts in switch.model.breakouts.value:
        for number in range(breakouts.first, breakouts.last + 1):
            yield "configure", top, f"interface breakout 1/1/{number} map {breakouts.default}"
    for group in switch.model.port_groups.value:
        yield from _block("port-group", f"port-group {group.group}", f"mode Eth {group.default}")
    for port in switch.ports():
        yield from _block("ethernet", f"interface ethernet{port}", *PORT_LINES)


def _block(mode: str, opening: str, *lines: str) -> Iterator[FactoryLine]:
    yield "configure", (), opening
    for line in lines:
        yield mode, (opening,), line

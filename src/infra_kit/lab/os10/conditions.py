"""What a line depends on elsewhere in the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.lab.os10.configuration import numbers_of
from infra_kit.lab.os10.grammar import ILLEGAL, RefusedLineError, refuse
from infra_kit.lab.os10.service_conditions import SERVICE_CONDITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra_kit.inventory.catalog.models import PortGroupModel
    from infra_kit.lab.os10.change import Change
    from infra_kit.lab.os10.configuration import Line
    from infra_kit.lab.os10.switch import EmulatedSwitch

_VLT_VLAN = 4094
_VLT_PORT_CHANNEL = 1000
_TRUNK = "switchport trunk allowed vlan"
_ACCESS = "switchport access vlan"


def check(change: Change) -> None:
    """Refuse what the rest of the configuration does not allow."""
    name = change.match.form.check
    if name in _CHECKS:
        _CHECKS[name](change)


def _ethernets(switch: EmulatedSwitch) -> Iterator[Line]:
    return switch.running.find("interface ethernet")


def _carriers(switch: EmulatedSwitch, vlan: int) -> Iterator[Line]:
    """Ports and port-channels that carry a VLAN."""
    for line in switch.running.find("interface "):
        trunk, access = line.get(_TRUNK), line.get(_ACCESS)
        if (trunk and vlan in numbers_of(trunk.rpartition(" ")[2])) or access == f"{_ACCESS} {vlan}":
            yield line


def _vlan(change: Change) -> None:
    number = int(change.match.text.removeprefix("interface vlan"))
    if number == _VLT_VLAN:
        refuse("VLAN 4094 is reserved for VLT")
    if change.match.negated:
        if number == 1:
            refuse("Default VLAN cannot be deleted")
        for carrier in _carriers(change.switch, number):
            refuse(f"VLAN {number} is in use by {carrier.text.removeprefix('interface ')}")


def _port_channel(change: Change) -> None:
    number = int(change.match.text.removeprefix("interface port-channel"))
    if number == _VLT_PORT_CHANNEL:
        refuse("Port-channel 1000 is reserved for VLT")
    if change.match.negated:
        for port in _ethernets(change.switch):
            if (port.get("channel-group") or "").startswith(f"channel-group {number} "):
                refuse(f"Port-channel {number} has member {port.text.removeprefix('interface ')}")


def _fixed(change: Change) -> None:
    if change.match.negated:
        raise RefusedLineError(ILLEGAL)


def _ethernet(change: Change) -> None:
    _fixed(change)
    _existing(change.switch, change.match.text.removeprefix("interface ethernet"))


def _existing(switch: EmulatedSwitch, port: str) -> None:
    ports = switch.ports()
    if port in ports:
        return
    plain = port.partition(":")[0]
    if plain in ports or any(each.startswith(f"{plain}:") for each in ports):
        refuse(f"Interface ethernet{port} does not exist in the port's present mode")
    refuse(f"Interface ethernet{port} does not exist")


def _breakout(change: Change) -> None:
    words = change.match.words
    model = next((each for each in change.switch.model.breakouts.value if each.first <= _number(words[2]) <= each.last), None)
    if model is None:
        refuse(f"Port {words[2]} cannot be broken out on this platform")
    if change.adds and model is not None and words[4] not in model.modes:
        raise RefusedLineError(ILLEGAL)
    if change.parent.get(change.match.slot) != change.match.text:
        _unused(change.switch, {_number(words[2])})


def _port_group(change: Change) -> None:
    _fixed(change)
    if change.match.text.removeprefix("port-group ") not in _groups(change.switch):
        raise RefusedLineError(ILLEGAL)


def _port_group_mode(change: Change) -> None:
    group = _groups(change.switch)[change.parent.text.removeprefix("port-group ")]
    if change.adds and change.match.words[2] not in group.modes:
        raise RefusedLineError(ILLEGAL)
    if change.parent.get("mode") != change.match.text:
        _unused(change.switch, set(group.ports))


def _unused(switch: EmulatedSwitch, numbers: set[int]) -> None:
    """A port's mode changes only while nothing depends on the port."""
    discovery = _discovery(switch)
    for line in _ethernets(switch):
        port = line.text.removeprefix("interface ethernet")
        if _number(port) not in numbers:
            continue
        if line.get("channel-group") or line.get("ip address") or port in discovery:
            refuse(f"Interface ethernet{port} is in use; remove its configuration first")


def _groups(switch: EmulatedSwitch) -> dict[str, PortGroupModel]:
    return {group.group: group for group in switch.model.port_groups.value}


def _number(port: str) -> int:
    return int(port.rpartition("/")[2].partition(":")[0])


def _member(change: Change) -> None:
    if change.parent.get("channel-group"):
        refuse("Interface is a member of a port-channel")


def _layer(change: Change) -> None:
    if change.match.negated:
        if change.parent.get("vlt-port-channel"):
            refuse("Interface is a VLT port-channel")
        return
    _member(change)
    if change.parent.get("ip address"):
        refuse("Interface has an IP address; remove it first")
    if change.parent.text.removeprefix("interface ethernet") in _discovery(change.switch):
        refuse("Interface is a VLT discovery interface")


def _layer2(change: Change) -> None:
    if change.adds:
        _layer(change)


def _switched(change: Change) -> None:
    _member(change)
    if change.parent.get("switchport"):
        refuse("Interface is not in switchport mode")


def _access_vlan(change: Change) -> None:
    if change.match.negated:
        return
    _switched(change)
    _vlan_exists(change, int(change.match.words[3]))


def _trunk_vlans(change: Change) -> None:
    if change.match.negated:
        return
    _switched(change)
    if change.parent.get("switchport mode") != "switchport mode trunk":
        refuse("Interface is not in trunk mode")
    for number in numbers_of(change.match.words[4]):
        _vlan_exists(change, number)


def _vlan_exists(change: Change, number: int) -> None:
    if f"interface vlan{number}" not in change.switch.running.block:
        refuse(f"VLAN {number} does not exist")


def _layer3(change: Change) -> None:
    if change.match.negated:
        return
    _member(change)
    if not change.parent.get("switchport"):
        refuse("Interface is in switchport mode")


def _channel_group(change: Change) -> None:
    if change.match.negated:
        return
    number = change.match.words[1]
    if f"interface port-channel{number}" not in change.switch.running.block:
        refuse(f"Port-channel {number} does not exist")
    held = change.parent.get("channel-group")
    if held and not held.startswith(f"channel-group {number} "):
        refuse("Interface is already a member of another port-channel")
    if change.parent.get("ip address") or change.parent.get(_TRUNK):
        refuse("Interface has Layer 2 or Layer 3 configuration; remove it first")
    if change.parent.text.removeprefix("interface ethernet") in _discovery(change.switch):
        refuse("Interface is a VLT discovery interface")


def _vlt_port_channel(change: Change) -> None:
    if change.adds and change.parent.get("switchport"):
        refuse("Interface is not in switchport mode")


def _single(change: Change) -> None:
    if change.match.negated:
        return
    head = change.match.slot
    for line in change.parent.find(f"{head} "):
        if line.text != change.match.text:
            refuse(f"{line.text} exists already")


def _discovery(switch: EmulatedSwitch) -> set[str]:
    found: set[str] = set()
    for domain in switch.running.find("vlt-domain "):
        text = domain.get("discovery-interface")
        if text:
            found.update(_expanded(text.removeprefix("discovery-interface ")))
    return found


def _expanded(ports: str) -> list[str]:
    """`ethernet1/1/49-1/1/52` as single ports."""
    found: list[str] = []
    for part in ports.replace("ethernet", "").split(","):
        first, _, last = part.partition("-")
        if ":" in first or not last:
            found.append(first)
        else:
            found.extend(f"1/1/{number}" for number in range(_number(first), _number(last) + 1))
    return found


def _discovery_ports(change: Change) -> None:
    if change.match.negated:
        return
    for port in _expanded(change.match.words[1]):
        _existing(change.switch, port)
        line = change.switch.running.block[f"interface ethernet{port}"]
        if not line.get("switchport") or line.get("ip address") or line.get("channel-group"):
            refuse(f"Interface ethernet{port} must be `no switchport` and free to be a discovery interface")


def _link_members(change: Change) -> None:
    member = change.match.words[1]
    if change.match.negated or member == "auto-recover":
        return
    if member.startswith("port-channel"):
        if f"interface {member}" not in change.switch.running.block:
            refuse(f"{member} does not exist")
        return
    for port in _expanded(member):
        _existing(change.switch, port)


_CHECKS: dict[str, Callable[[Change], None]] = {
    "vlan": _vlan,
    "port-channel": _port_channel,
    "fixed": _fixed,
    "ethernet": _ethernet,
    "breakout": _breakout,
    "port-group": _port_group,
    "port-group-mode": _port_group_mode,
    "layer": _layer,
    "layer2": _layer2,
    "access-vlan": _access_vlan,
    "trunk-vlans": _trunk_vlans,
    "layer3": _layer3,
    "channel-group": _channel_group,
    "vlt-port-channel": _vlt_port_channel,
    "single": _single,
    "discovery": _discovery_ports,
    "link-members": _link_members,
    **SERVICE_CONDITIONS,
}

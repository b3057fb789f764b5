"""What follows elsewhere in the configuration from a line that was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.lab.os10.configuration import Line
from infra_kit.lab.os10.factory import PORT_LINES
from infra_kit.lab.os10.grammar import grammar

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.lab.os10.change import Change

_TRUNK = "switchport trunk allowed vlan"
_ACCESS = "switchport access vlan"


def settle(change: Change) -> None:
    """Let the rest of the configuration follow."""
    name = change.match.form.check
    if name in _CONSEQUENCES:
        _CONSEQUENCES[name](change)


def _after_layer(change: Change) -> None:
    block = change.parent.block
    if change.match.negated:
        for slot in [slot for slot in block if slot.startswith("switchport ")]:
            del block[slot]
        return
    del block["switchport"]
    _default_vlan(change)


def _after_mode(change: Change) -> None:
    """`switchport mode` makes a routed port switched again; access mode is not shown, it is the default."""
    block = change.parent.block
    block.pop("switchport", None)
    if block.get("switchport mode", Line("")).text != "switchport mode trunk":
        block.pop("switchport mode", None)
        block.pop(_TRUNK, None)
    if _ACCESS not in block:
        _default_vlan(change)


def _default_vlan(change: Change) -> None:
    if not change.parent.get("switchport") and not change.parent.get(_ACCESS):
        change.switch.store(change.parent, grammar().read(change.mode, f"{_ACCESS} 1"))


def _after_channel_group(change: Change) -> None:
    block = change.parent.block
    for slot in [slot for slot in block if slot.startswith("switchport")]:
        del block[slot]
    if change.adds:
        change.switch.store(change.parent, grammar().read(change.mode, "no switchport"))
    else:
        _default_vlan(change)


def _after_port_channel(change: Change) -> None:
    if change.adds:
        line = change.switch.running.block[change.match.slot]
        for text in ("no shutdown", f"{_ACCESS} 1"):
            change.switch.store(line, grammar().read("port-channel", text))


def _after_vlan(change: Change) -> None:
    if change.adds:
        change.switch.store(change.switch.running.block[change.match.slot], grammar().read("vlan", "no shutdown"))


def _after_port_mode(change: Change) -> None:
    """Ports that the new mode makes appear; the others go."""
    switch = change.switch
    if change.match.negated:
        _default_mode(change)
    wanted = switch.ports()
    for line in list(switch.running.find("interface ethernet")):
        if line.text.removeprefix("interface ethernet") not in wanted:
            del switch.running.block[line.text]
    for port in wanted:
        opening = f"interface ethernet{port}"
        if opening not in switch.running.block:
            made = switch.store(switch.running, grammar().read("configure", opening))
            for text in PORT_LINES if made else ():
                switch.store(made or Line(""), grammar().read("ethernet", text))


def _default_mode(change: Change) -> None:
    if change.mode == "port-group":
        group = next(each for each in change.switch.model.port_groups.value if change.parent.text.endswith(f" {each.group}"))
        change.switch.store(change.parent, grammar().read("port-group", f"mode Eth {group.default}"))
        return
    port = change.match.words[2]
    default = next(each.default for each in change.switch.model.breakouts.value if each.first <= int(port.rpartition("/")[2]) <= each.last)
    change.switch.store(change.parent, grammar().read("configure", f"interface breakout {port} map {default}"))


def _after_tacacs(change: Change) -> None:
    """The switch never shows a key as it was given."""
    line = change.parent.block.get(change.match.slot)
    words = line.text.split() if line else []
    if line and "key" in words:
        at = words.index("key")
        if words[at + 1] != "9":
            conceal = change.switch.password_hash(words[-1])[-64:]
            line.text = " ".join([*words[: at + 1], "9", conceal])


def _after_user(change: Change) -> None:
    line = change.parent.block.get(change.match.slot)
    if line:
        words = line.text.split()
        words[3] = change.switch.password_hash(words[3])
        line.text = " ".join(words if "priv-lvl" in words else [*words, "priv-lvl", "15" if "sysadmin" in words else "1"])


_CONSEQUENCES: dict[str, Callable[[Change], None]] = {
    "layer": _after_layer,
    "layer2": _after_mode,
    "access-vlan": _default_vlan,
    "channel-group": _after_channel_group,
    "port-channel": _after_port_channel,
    "vlan": _after_vlan,
    "breakout": _after_port_mode,
    "port-group-mode": _after_port_mode,
    "tacacs": _after_tacacs,
    "user": _after_user,
}

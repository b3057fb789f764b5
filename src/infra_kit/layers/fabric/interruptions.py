"""What a change interrupts while it is made: said in the plan, so that nobody is surprised."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.facts import port_ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FLAPPING = re.compile(r"(no )?channel-group|switchport mode|no switchport$|(no )?ip address|speed|(no )?vlt-port-channel")
_SHUTTING = re.compile(r"shutdown$")
_MODES = re.compile(r"(?:no )?interface breakout (\S+)|port-group (\S+)")


def interruptions(lines: Iterable[str], in_use: frozenset[str]) -> Iterator[str]:
    """One phrase for each kind of interruption.

    A new port mode needs no reload: OS10 takes port-group and breakout modes at once and only the ports concerned go down
    and come back (dellemc.os10's interface role sends `interface breakout` in a running configuration).

    Args:
        lines: the lines of a push.
        in_use: opening lines of the interfaces that are up in the running configuration.
    """
    flapping: set[str] = set()
    shut: set[str] = set()
    modes: set[str] = set()
    block = ""
    for line in lines:
        mode = _MODES.match(line)
        if mode:
            modes.add(mode[1] or f"group {mode[2]}")
        if line.startswith("interface "):
            block = line
        if block in in_use and _FLAPPING.match(line):
            flapping.add(block)
        if block in in_use and _SHUTTING.match(line):
            shut.add(block)
        yield from _sessions(line, block)
    if modes:
        yield f"new port mode, its links go down: {', '.join(sorted(modes))}"
    if flapping - shut:
        yield f"interrupts traffic on {_names(flapping - shut)}"
    if shut:
        yield f"shuts down {_names(shut)}"


def _sessions(line: str, block: str) -> Iterator[str]:
    if line.startswith("no router bgp"):
        yield "restarts BGP"
    if line.startswith(("ip address", "no ip address")) and block.startswith("interface mgmt"):
        yield "changes the management address: this session will be lost"
    if line.startswith(("ip vrf management", "no ip vrf management")):
        yield "moves the management port to another VRF: OS10 wants the console for that"


def _names(openings: set[str]) -> str:
    ports = [opening.removeprefix("interface ethernet") for opening in openings if opening.startswith("interface ethernet")]
    others = sorted(opening.removeprefix("interface ") for opening in openings if not opening.startswith("interface ethernet"))
    return ", ".join([*port_ranges(ports), *others])

"""Port-channels and their member ports; on a leaf pair the same number on both, joined by VLT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.facts import natural, vlan_ranges
from infra_kit.layers.fabric.section import Section
from infra_kit.layers.fabric.sections import qos

if TYPE_CHECKING:
    from infra_kit.inventory.models.switch import Lag
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class Member:
    """A port of a port-channel."""

    port: str
    description: str


@dataclass(frozen=True, slots=True)
class PortChannel:
    """One port-channel. `native` is the untagged VLAN, 1 where there is none; `trunk` the tagged ones."""

    id: int
    description: str
    native: int
    trunk: str
    mtu: int
    mode: str
    fallback: bool
    edge: bool
    vlt: bool
    members: list[Member]
    qos: qos.Qos | None


def build(facts: SwitchFacts) -> list[PortChannel]:
    """Every LAG of the switch, by number."""
    return sorted((_port_channel(facts, lag) for lag in facts.switch.lags), key=lambda lag: lag.id)


def _port_channel(facts: SwitchFacts, lag: Lag) -> PortChannel:
    members = [Member(port, facts.cable(port) or lag.description) for port in sorted(lag.ports, key=natural)]
    return PortChannel(
        id=lag.id,
        description=lag.description,
        native=facts.vlan_id(lag.native) if lag.native else 1,
        trunk=vlan_ranges({facts.vlan_id(network) for network in lag.networks}),
        mtu=facts.site.fabric.mtu,
        mode="active" if lag.lacp == "active" else "on",
        fallback=lag.fallback,
        # Only what ends in a host or the array is an edge; a LAG to another switch must run spanning tree in full.
        edge=any(facts.cable(port) for port in lag.ports),
        vlt=facts.switch.vlt is not None,
        members=members,
        qos=qos.build(facts),
    )


SECTION = Section("lags", build, (r"interface port-channel",))

"""Routed links between leaves and spines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.facts import natural
from infra_kit.layers.fabric.section import Section
from infra_kit.layers.fabric.sections import qos

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class UnderlayLink:
    """One end of a point-to-point link."""

    port: str
    description: str
    address: str
    mtu: int
    qos: qos.Qos | None


def build(facts: SwitchFacts) -> list[UnderlayLink]:
    """In the order of the ports."""
    links = sorted(facts.switch.links, key=lambda link: natural(link.port))
    mtu, classes = facts.site.fabric.mtu, qos.build(facts)
    return [UnderlayLink(link.port, f"{link.peer} ethernet{link.peer_port}", str(link.address), mtu, classes) for link in links]


SECTION = Section("underlay", build)

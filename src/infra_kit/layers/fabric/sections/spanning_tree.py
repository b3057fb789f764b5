"""Spanning tree: the leaf pair is the root of its own VLANs, its primary first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts

_ROOT, _SECOND = 4096, 8192


@dataclass(frozen=True, slots=True)
class SpanningTree:
    """What the spanning-tree template prints."""

    mode: str
    priority: int | None


def build(facts: SwitchFacts) -> SpanningTree:
    """A priority only with RSTP, which has one for the whole switch."""
    mode, vlt, peer = facts.site.fabric.spanning_tree, facts.switch.vlt, facts.peer
    if mode != "rstp" or vlt is None:
        return SpanningTree(mode, None)
    secondary = peer is not None and peer.vlt is not None and peer.vlt.primary_priority < vlt.primary_priority
    return SpanningTree(mode, _SECOND if secondary else _ROOT)


SECTION = Section("spanning_tree", build, (r"spanning-tree ",))

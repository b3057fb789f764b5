"""LLDP, so that cabling can be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


def build(_facts: SwitchFacts) -> bool:
    """On everywhere."""
    return True


SECTION = Section("lldp", build, (r"(no )?lldp ",))

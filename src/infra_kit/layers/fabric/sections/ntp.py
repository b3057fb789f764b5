"""Time servers; the first is preferred."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


def build(facts: SwitchFacts) -> list[str]:
    """The site's time servers."""
    return list(facts.site.services.ntp_servers)


SECTION = Section("ntp", build, (r"ntp ",))

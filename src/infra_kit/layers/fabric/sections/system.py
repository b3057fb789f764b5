"""Host name, banner, clock and the MTU that ports start with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class System:
    """What the system template prints."""

    hostname: str
    banner: str
    timezone: str
    mtu: int


def build(facts: SwitchFacts) -> System:
    """From the site's head and the fabric's settings; `#` delimits the banner, so it cannot be in it."""
    fabric = facts.site.fabric
    return System(facts.switch.name, fabric.banner.strip("\n").replace("#", ""), facts.site.site.timezone, fabric.mtu)


SECTION = Section("system", build, (r"hostname ", r"banner motd ", r"clock timezone ", r"default mtu "))

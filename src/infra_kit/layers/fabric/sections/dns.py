"""Name servers and search domains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class Dns:
    """What the DNS template prints."""

    servers: list[str]
    domains: list[str]


def build(facts: SwitchFacts) -> Dns:
    """From the site's services."""
    services = facts.site.services
    return Dns([str(server) for server in services.dns_servers], list(services.dns_search))


SECTION = Section("dns", build, (r"ip name-server ", r"ip domain-list "))

"""Who may log in: TACACS+ with the local accounts behind it, or the local accounts alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.facts import marker
from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class Aaa:
    """What the AAA template prints."""

    servers: list[str]
    key: str
    methods: str


def build(facts: SwitchFacts) -> Aaa:
    """Local accounts stay the last resort, so that a dead server locks nobody out."""
    tacacs = facts.site.fabric.tacacs
    if tacacs is None:
        return Aaa([], "", "local")
    return Aaa(list(tacacs.servers), marker(tacacs.key), "group tacacs+ local")


SECTION = Section("aaa", build, (r"tacacs-server ", r"aaa ", r"ip tacacs "))

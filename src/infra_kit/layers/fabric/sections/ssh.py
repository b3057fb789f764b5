"""The SSH server; telnet off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class Ssh:
    """What the SSH template prints."""

    max_auth_tries: int


def build(facts: SwitchFacts) -> Ssh:
    """From the fabric's settings."""
    return Ssh(facts.site.fabric.ssh_max_auth_tries)


SECTION = Section("ssh", build, (r"(no )?ip ssh server (enable|max-auth-tries)", r"(no )?ip telnet server "))

"""Where the log goes; the console stays quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


def build(facts: SwitchFacts) -> list[str]:
    """The site's syslog servers; the audit log is on without any."""
    return list(facts.site.services.syslog_servers)


SECTION = Section("logging", build, (r"(no )?logging ",))

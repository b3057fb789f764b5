"""A configuration line that is understood and asks to be taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_kit.lab.os10.configuration import Line
    from infra_kit.lab.os10.grammar import Match
    from infra_kit.lab.os10.switch import EmulatedSwitch


@dataclass(slots=True)
class Change:
    """One understood line on its way into the configuration."""

    switch: EmulatedSwitch
    mode: str
    parent: Line
    match: Match

    @property
    def adds(self) -> bool:
        """Whether it sets rather than removes."""
        return not self.match.negated

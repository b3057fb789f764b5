"""The managed scope: which lines of a running configuration are compared, and so changed or removed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from infra_kit.layers.fabric.os10 import place_of, plain, rules, slot
from infra_kit.layers.fabric.sections import sections

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_kit.layers.fabric.tree import Keep

ETHERNET = "interface ethernet"


@dataclass(frozen=True, slots=True)
class Scope:
    """The whole device (`names` is None) or some sections."""

    names: frozenset[str] | None
    rendered: Mapping[str, str]
    """Opening line -> the section that renders it."""

    @classmethod
    def of(cls, scope: Literal["device"] | Sequence[str], rendered: Mapping[str, str]) -> Scope:
        """From the inventory's word."""
        return cls(None if scope == "device" else frozenset(scope), rendered)

    def manages(self, section: str) -> bool:
        """Whether a section is managed."""
        return self.names is None or section in self.names

    def section_of(self, opening: str) -> str:
        """The section that a top-level line belongs to; empty for one that belongs to none."""
        line = plain(opening)
        if line in self.rendered:
            return self.rendered[line]
        if line.startswith(ETHERNET):
            return "interfaces"
        return next((name for name, owns in _ownership() if owns.match(line)), "")

    def keeps(self, wanted: Mapping[str, frozenset[str]], login: str) -> Keep:
        """The filter for a running configuration.

        Args:
            wanted: `Intent.wanted_slots`.
            login: the account that must stay.
        """
        owned = rules().device_owned
        managed: dict[str, bool] = {}

        def top(opening: str) -> bool:
            if slot("top", opening) in wanted[""]:
                return True
            line = plain(opening)
            if owned["top"].match(line) or line.startswith(f"username {login} "):
                return False
            return self.manages(self.section_of(opening)) or (line.startswith(ETHERNET) and self.manages("lags"))

        def keep(opening: str, line: str) -> bool:
            if opening == line:
                managed[opening] = top(opening)
                return managed[opening]
            place = place_of(opening)
            if place == "interface" and owned["interface"].match(plain(line)):
                return slot(place, line) in wanted.get(opening, ())
            if opening.startswith(ETHERNET) and opening not in wanted and not self.manages("interfaces"):
                return line.startswith("channel-group ")  # a port that left a managed LAG; the rest of it is not ours
            return True

        return keep


@cache
def _ownership() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((section.name, re.compile("|".join(f"(?:{each})" for each in section.owns))) for section in sections() if section.owns)

"""One section of a switch's configuration: a builder of typed data, a template that prints it, and the lines it owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class Section:
    """A section. Its template is `templates/os10/NAME.j2` and finds the data under the section's name."""

    name: str
    build: Callable[[SwitchFacts], object | None]
    """Gives the section's data, or None where the switch has nothing of it."""
    owns: tuple[str, ...] = ()
    """Regular expressions of the top-level lines that are this section's whoever wrote them. An ethernet port belongs to
    the section that renders it, and to `interfaces` where none does."""

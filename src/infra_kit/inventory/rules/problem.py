"""What a rule yields: the noun, the field, and the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra_kit.inventory.catalog.models import Figure
    from infra_kit.inventory.findings import Severity
    from infra_kit.inventory.models.base import Noun


@dataclass(frozen=True, slots=True)
class Problem:
    """One defect at a noun of the site; the engine finds out where in which file that is.

    Args:
        at: the very object of the site, not a copy.
        field: the field of it that is wrong, or keys and indices from it on; empty for the noun itself.
        message: what is wrong, with both sides of a conflict.
        hint: how to mend it.
        severity: where it differs from the rule's own.
    """

    at: Noun
    field: str | tuple[str | int, ...]
    message: str
    hint: str
    severity: Severity | None = None


def severity_by(*figures: Figure[Any]) -> Severity | None:
    """A warning where a figure is not confirmed; otherwise the rule's own severity."""
    return None if all(figure.confirmed for figure in figures) else "warning"


def worded(figure: Figure[Any]) -> str:
    """The figure's value, marked where no document confirms it."""
    return str(figure.value) if figure.confirmed else f"{figure.value} (catalogue figure not confirmed)"


def an(name: str) -> str:
    """A model's or a role's name with its article, as it is spoken: an R6515, a Z9432F-ON, an edge server."""
    return f"{'an' if name[:1] in 'AEFHILMNORSX8aeio' else 'a'} {name}"

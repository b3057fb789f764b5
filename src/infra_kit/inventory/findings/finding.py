"""One finding: a defect with its place."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect. Lines and columns count from 1; `path` names list items by their key, not their index."""

    rule: str
    severity: Severity
    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str

    def as_dict(self) -> dict[str, str | int]:
        """The JSON form of the design, section 4."""
        return asdict(self)

"""What pydantic says of a value, as a rule id, a message and a hint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError

    from infra_kit.inventory.document import PathKeys

_SCHEMA = "`infra-kit schema` gives the form of every value"


@dataclass(frozen=True, slots=True)
class Defect:
    """One value that does not have its form."""

    rule: str
    path: PathKeys
    message: str
    hint: str


def defects(error: ValidationError) -> Iterator[Defect]:
    """Every defect that pydantic found. The offending value itself is never repeated: it may be a secret in the wrong place."""
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        yield _defect(detail)


def _defect(detail: Any) -> Defect:
    path: PathKeys = tuple(part for part in detail["loc"] if part != "[key]")
    last = path[-1] if path else "the file"
    if detail["type"] == "extra_forbidden":
        return Defect("IK0102", path, f"unknown key `{last}`", "check the spelling; `infra-kit schema` lists every key")
    if detail["type"] == "missing":
        return Defect("IK0103", path, f"`{last}` is missing", f"add `{last}:`")
    message = str(detail["msg"]).removeprefix("Value error, ")
    return Defect("IK0101", path, message, _SCHEMA)

"""What pydantic says of a value, as a rule id, a message and a hint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError

    from infra_kit.inventory.document import PathKeys

_SCHEMA = "`infra-kit schema` gives the form of every value"
_SIMPLER = {
    "model_type": "should be a mapping of keys",
    "model_attributes_type": "should be a mapping of keys",
    "dict_type": "should be a mapping of keys",
    "list_type": "should be a list",
    "string_type": "should be text",
    "int_type": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "bool_type": "should be true or false",
}
_HINTS = {
    "string_type": 'put the value in quotes, such as "9.4", if it looks like a number or a truth value',
    "int_type": "write the bare number, without quotes and units",
    "bool_type": "write true or false, without quotes",
    "list_type": "write one item a line, each behind `- `",
}


@dataclass(frozen=True, slots=True)
class Defect:
    """One value that does not have its form."""

    rule: str
    path: PathKeys
    message: str
    hint: str


def defects(error: ValidationError, value: Any) -> Iterator[Defect]:
    """Every defect that pydantic found in `value`. The offending scalar is not repeated: it may be a secret in the wrong place."""
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        yield _defect(detail, value)


def _defect(detail: Any, value: Any) -> Defect:
    kind = detail["type"]
    path = _path(detail["loc"], value, missing=kind == "missing")
    last = path[-1] if path else "the file"
    if kind == "extra_forbidden":
        return Defect("IK0102", path, f"unknown key `{last}`", "check the spelling; `infra-kit schema` lists every key")
    if kind == "missing":
        return Defect("IK0103", path, f"`{last}` is missing", f"add `{last}:`")
    message = _SIMPLER.get(kind) or str(detail["msg"]).removeprefix("Value error, ")
    return Defect("IK0101", path, message, _HINTS.get(kind, _SCHEMA))


def _path(location: tuple[str | int, ...], value: Any, *, missing: bool) -> PathKeys:
    """The location that pydantic gives, without what is not a key of the document: the tags of unions and of mapping keys."""
    path: list[str | int] = []
    for position, part in enumerate(location):
        is_item = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if is_item or (isinstance(value, dict) and part in value):
            value = value[part]
            path.append(part)
        elif missing and position == len(location) - 1:
            path.append(part)
    return tuple(path)

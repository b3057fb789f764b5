"""What pydantic says of a value, as a rule id, a message and a hint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from infra_kit.inventory import types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError

    from infra_kit.inventory.document import PathKeys

UNKNOWN_KEY = "IK0102"
"""The rule of which it is the key that is wrong, not its value."""
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
_WORDS = {
    types.Name: "a name of lower-case letters, digits and hyphens, such as worker01",
    types.DomainName: "a domain name in lower case, such as example.internal",
    types.Host: "a host name or an address",
    types.Mac: "a MAC address in lower case with colons, such as 02:1c:01:00:06:00",
    types.ServiceTag: "a service tag of seven capital letters and digits",
    types.PortName: "a port as OS10 writes it, such as 1/1/53, or 1/1/53:2 for a lane",
    types.PortGroupName: "a port-group as OS10 writes it, such as 1/1/13",
    types.PortMode: "a mode as OS10 writes it, such as 25g-4x or 100g-1x",
    types.CpuQuantity: "a CPU quantity, such as 2, 0.5 or 500m",
    types.MemoryQuantity: "a memory quantity, such as 8Gi or 512Mi",
}
_PATTERNS = {get_args(form)[1].pattern: words for form, words in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class Defect:
    """One value that does not have its form."""

    rule: str
    path: PathKeys
    message: str
    hint: str


def defects(error: ValidationError, value: Any) -> Iterator[Defect]:
    """Every defect that pydantic found in `value`. The offending scalar is not repeated: it may be a secret in the wrong place."""
    for detail in error.errors(include_url=False, include_input=False):
        yield _defect(detail, value)


def _defect(detail: Any, value: Any) -> Defect:
    kind = detail["type"]
    path = _path(detail["loc"], value, missing=kind == "missing")
    last = path[-1] if path else "the file"
    if kind == "extra_forbidden":
        return Defect(UNKNOWN_KEY, path, f"unknown key `{last}`", "check the spelling; `infra-kit schema` lists every key")
    if kind == "missing":
        return Defect("IK0103", path, f"`{last}` is missing", f"add `{last}:`")
    if kind == "string_pattern_mismatch" and detail["ctx"]["pattern"] in _PATTERNS:
        return Defect("IK0101", path, f"should be {_PATTERNS[detail['ctx']['pattern']]}", _SCHEMA)
    message = _SIMPLER.get(kind) or str(detail["msg"]).removeprefix("Value error, ").removeprefix("Input ")
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

"""Body schemas of the platform API's objects, from data: what is accepted, what is refused and in which words."""

from __future__ import annotations

import copy
import re
from typing import Any, Literal

from infra_kit.lab.onefs.refusal import Refusal
from infra_kit.lab.onefs.versions import release, table

Verb = Literal["create", "update"]
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "object": (dict,),
    "list": (list,),
}
_WORDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "object": "object", "list": "array"}


class Schema:
    """The fields of one kind of object in one release.

    Args:
        kind: its name in resources.yaml.
        onefs: the release, as a sortable tuple.
    """

    def __init__(self, kind: str, onefs: tuple[int, ...]) -> None:
        """Choose the field variants of the release."""
        document = table("resources.yaml")
        entry = document["kinds"][kind]
        self.path: str = entry["path"]
        self.query = frozenset(entry["query"])
        self._structs: dict[str, Any] = document["structs"]
        self._fields: dict[str, dict[str, Any]] = {}
        for name, variants in entry["fields"].items():
            for variant in variants if isinstance(variants, list) else [variants]:
                if release(variant.get("since", "0.0")) <= onefs <= release(variant.get("until", "99.99")):
                    self._fields[name] = variant

    @property
    def required(self) -> frozenset[str]:
        """What a creation cannot do without."""
        return frozenset(name for name, field in self._fields.items() if field.get("required"))

    def defaults(self) -> dict[str, Any]:
        """What a new object has where the request says nothing."""
        return {name: copy.deepcopy(field["default"]) for name, field in self._fields.items() if "default" in field}

    def check(self, body: Any, verb: Verb) -> None:
        """Raise the array's refusal unless the body may be sent with that verb."""
        if not isinstance(body, dict):
            raise Refusal(400, "Request body is not a JSON object")
        for name, value in body.items():
            field = self._fields.get(name)
            if field is None or field.get(verb) is False:
                raise Refusal(400, f"Unexpected property: '{name}'", name)
            self._value(name, field, value)
        for name, field in self._fields.items():
            if verb == "create" and field.get("required") and body.get(name) is None:
                raise Refusal(400, f"Missing required property: '{name}'", name)

    def _value(self, name: str, field: dict[str, Any], value: Any) -> None:
        kind: str = field["type"]
        if kind in self._structs:
            self._struct(name, kind, value)
            return
        if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "bool"):
            raise Refusal(400, f"Property '{name}' is not of type {_WORDS[kind]}", name)
        if isinstance(value, list):
            self._items(name, field, value)
        else:
            _limits(name, field, value)

    def _items(self, name: str, field: dict[str, Any], values: list[Any]) -> None:
        item = {**field, "type": field.get("items", "object")}
        for value in values:
            self._value(name, item, value)

    def _struct(self, name: str, kind: str, value: Any) -> None:
        if not isinstance(value, dict):
            raise Refusal(400, f"Property '{name}' is not of type object", name)
        for key, inner in value.items():
            if key not in self._structs[kind]:
                raise Refusal(400, f"Unexpected property: '{name}.{key}'", f"{name}.{key}")
            if inner is not None:
                self._value(f"{name}.{key}", self._structs[kind][key], inner)
        for key, field in self._structs[kind].items():
            if field.get("required") and value.get(key) is None:
                raise Refusal(400, f"Missing required property: '{name}.{key}'", f"{name}.{key}")


def _limits(name: str, field: dict[str, Any], value: Any) -> None:
    if "enum" in field and value not in field["enum"]:
        raise Refusal(400, f"Property '{name}' has value '{value}' not in enumeration [{', '.join(field['enum'])}]", name)
    if isinstance(value, str):
        if not field.get("min_length", 0) <= len(value) <= field.get("max_length", len(value)):
            raise Refusal(400, f"Property '{name}' has a length of {len(value)}, out of range", name)
        if "pattern" in field and not re.search(field["pattern"], value):
            raise Refusal(400, f"Property '{name}' does not match pattern '{field['pattern']}'", name)
    elif not field.get("min", value) <= value <= field.get("max", value):
        raise Refusal(400, f"Property '{name}' has value {value}, not in the range {field.get('min')} to {field.get('max')}", name)

"""The BIOS attributes: their registry, their defaults, and which values the BIOS takes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from infra_kit.lab.redfish.reply import message

if TYPE_CHECKING:
    from collections.abc import Mapping

Values = dict[str, str | int]

_FILE = Path(__file__).parent / "data" / "bios.yaml"


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = yaml.load(_FILE.read_bytes(), Loader=yaml.CSafeLoader)
    return data


@cache
def entries() -> dict[str, dict[str, Any]]:
    """The attributes of data/bios.yaml by name."""
    return {entry["name"]: entry for entry in _data()["attributes"]}


def factory_values(model: str, service_tag: str, processor: str) -> Values:
    """Every attribute as it leaves the factory."""
    facts = {"model": model, "service-tag": service_tag, "processor": processor}
    return {name: facts[entry["fact"]] if "fact" in entry else entry["default"] for name, entry in entries().items()}


def implied(name: str, value: str | int) -> Values:
    """What else takes another value when `name` becomes `value`."""
    values: Values = _data()["implies"].get(name, {}).get(value, {})
    return values


def read_only(name: str, values: Mapping[str, str | int]) -> bool:
    """Whether the attribute cannot be set while the others have these values."""
    entry = entries()[name]
    return bool(entry.get("read_only")) or any(values.get(other) != value for other, value in entry.get("while", {}).items())


def defect(name: str, value: Any, values: Mapping[str, str | int]) -> tuple[int, dict[str, Any]] | None:
    """What the BIOS has against setting `name` to `value`: a message with its status, or None.

    Args:
        name: the attribute.
        value: the new value.
        values: all attributes as they will be, by which dependencies are judged.
    """
    related = f"#/Attributes/{name}"
    entry = entries().get(name)
    if entry is None:
        return message("attribute-unknown", name, related=related)
    if read_only(name, values):
        return message("attribute-read-only", name, related=related)
    key = {"Enumeration": _enumeration, "Integer": _integer, "String": _string}[entry["type"]](entry, value)
    return message(key, str(value), name, related=related) if key else None


def _enumeration(entry: dict[str, Any], value: Any) -> str:
    return "" if value in entry["values"] else "attribute-not-in-enumeration"


def _integer(entry: dict[str, Any], value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return "attribute-not-integer"
    return "" if entry["lower"] <= value <= entry["upper"] else "attribute-out-of-range"


def _string(entry: dict[str, Any], value: Any) -> str:
    return "" if isinstance(value, str) and len(value) <= entry["max_length"] else "attribute-not-string"


def registry(values: Values) -> dict[str, Any]:
    """The BIOS attribute registry, with what is read-only while the BIOS has these values."""
    return {
        "@odata.id": "/redfish/v1/Systems/System.Embedded.1/Bios/BiosRegistry",
        "@odata.type": "#AttributeRegistry.v1_3_3.AttributeRegistry",
        "Id": "BiosAttributeRegistry",
        "Language": "en",
        "Name": "BIOS Attribute Registry",
        "OwningEntity": "Dell",
        "RegistryVersion": "v1_0_0",
        "RegistryEntries": {"Attributes": [_registered(entry, order, values) for order, entry in enumerate(entries().values())]},
    }


def _registered(entry: dict[str, Any], order: int, values: Values) -> dict[str, Any]:
    name = entry["name"]
    row: dict[str, Any] = {
        "AttributeName": name,
        "CurrentValue": None,
        "DisplayName": name,
        "DisplayOrder": order,
        "HelpText": None,
        "Hidden": False,
        "Immutable": bool(entry.get("read_only")),
        "MenuPath": f"./{entry['menu']}Ref",
        "ReadOnly": read_only(name, values),
        "ResetRequired": True,
        "Type": entry["type"],
        "WriteOnly": False,
    }
    if entry["type"] == "Enumeration":
        row["Value"] = [{"ValueName": value, "ValueDisplayName": value} for value in entry["values"]]
    if entry["type"] == "Integer":
        row |= {"LowerBound": entry["lower"], "UpperBound": entry["upper"], "ScalarIncrement": 0}
    if entry["type"] == "String":
        row |= {"MinLength": 0, "MaxLength": entry.get("max_length", 80)}
    return row

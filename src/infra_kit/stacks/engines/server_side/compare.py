"""What differs between an object as it is and as an apply would leave it; and when an apply would change nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra_kit.stacks.engines.server_side.ownership import BOOKKEEPING, MISSING, Fields, element, item_with, keys_of

_SERVERS_OWN = frozenset(
    f".metadata.{name}" for name in ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink")
) | {".status", *BOOKKEEPING}
"""What differs without a meaning."""

_QUANTITIES = frozenset(
    {"limits", "requests", "hard", "capacity", "default", "defaultRequest", "min", "max", "maxLimitRequestRatio", "allocatable"}
)
"""Mappings of quantities, which the server writes in its own way (`0.5` becomes `500m`)."""
_QUANTITY = re.compile(r"(?P<number>[+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(?P<suffix>m|[kMGTPE]i?|u|n|Ki)?")
_FACTORS = {"": Decimal(1), "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3")}
_FACTORS |= {suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", 1)}
_FACTORS |= {f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", 1)}
_QUOTED = re.compile(r'="([^"\\]*)"(?=[,\]])')


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs; MISSING where there is none."""

    path: str
    """As the server writes it."""
    before: Any
    after: Any


def differences(before: Any, after: Any, tree: Fields, path: str = "") -> Iterator[Difference]:
    """Leaf by leaf; list items are told apart by their merge keys, as far as the tree knows them. Other lists are one value."""
    if path in _SERVERS_OWN or before == after:
        return
    sides = [side for side in (before, after) if side is not MISSING]
    if all(type(side) is dict and side for side in sides):
        for name in dict.fromkeys([*_mapping(before), *_mapping(after)]):
            below = tree.get(f"f:{name}") or {}
            yield from differences(_mapping(before).get(name, MISSING), _mapping(after).get(name, MISSING), below, f"{path}.{name}")
        return
    keys = [key for key in tree if key.startswith("k:")]
    if keys and all(isinstance(side, list) for side in sides):
        yield from _of_items(before, after, tree, path)
        return
    yield Difference(path, before, after)


def _of_items(before: Any, after: Any, tree: Fields, path: str) -> Iterator[Difference]:
    for key in (key for key in tree if key.startswith("k:")):
        old, new = item_with(before, keys_of(key)), item_with(after, keys_of(key))
        if old is not MISSING or new is not MISSING:
            yield from differences(old, new, tree[key], path + element(key))


def _mapping(side: Any) -> Mapping[str, Any]:
    return side if type(side) is dict else {}  # from JSON; a look for any Mapping takes ten times as long


def shown(path: str) -> str:
    """A path for people: `spec.template.spec.containers[name=web].image`."""
    return _QUOTED.sub(r"=\1", path).removeprefix(".")


def settled(desired: Any, live: Any, tree: Fields, *, quantity: bool = False) -> bool:
    """Whether an apply of `desired` would change nothing, not even who holds what.

    That is so when the manager holds exactly the fields that `desired` has, and `live` has its values.

    Args:
        desired: what would be applied, without what the server leaves out of managedFields.
        live: what there is.
        tree: what the manager holds.
        quantity: the values are quantities.
    """
    if not tree:
        return _contains(live, desired, quantity=quantity)
    if isinstance(desired, Mapping):
        held = {key[2:] for key in tree if key.startswith("f:")}
        return (
            isinstance(live, Mapping)
            and held == desired.keys()
            and all(
                settled(value, live.get(name, MISSING), tree[f"f:{name}"], quantity=quantity or name in _QUANTITIES)
                for name, value in desired.items()
            )
        )
    return isinstance(desired, list) and isinstance(live, list) and _settled_items(desired, live, tree)


def _settled_items(desired: list[Any], live: list[Any], tree: Fields) -> bool:
    keys = [key for key in tree if key != "."]
    if len(keys) != len(desired):
        return False
    if any(not key.startswith("k:") for key in keys):
        held = {element(key) for key in keys}
        return all(value in live and _as_element(value) in held for value in desired)
    for key in keys:
        wanted, found = item_with(desired, keys_of(key)), item_with(live, keys_of(key))
        if wanted is MISSING or found is MISSING:
            return False
        # A merge key that the server has set is held as well.
        complete = {**{name: value for name, value in keys_of(key) if f"f:{name}" in tree[key]}, **wanted}
        if not settled(complete, found, tree[key]):
            return False
    return True


def _as_element(value: Any) -> str:
    import json

    return f"[={json.dumps(value)}]"


def _contains(live: Any, desired: Any, *, quantity: bool) -> bool:
    if live is MISSING and not desired:
        return True  # of many a field the server does not write out false, 0 or nothing
    if isinstance(desired, Mapping):
        return isinstance(live, Mapping) and all(
            _contains(live.get(name, MISSING), value, quantity=quantity or name in _QUANTITIES) for name, value in desired.items()
        )
    if isinstance(desired, list):
        return (
            isinstance(live, list)
            and len(live) == len(desired)
            and all(_contains(one, other, quantity=quantity) for one, other in zip(live, desired, strict=True))
        )
    if type(live) is type(desired) and live == desired:
        return True
    return quantity and amount(live) is not None and amount(live) == amount(desired)


def amount(value: Any) -> Decimal | None:
    """A quantity's number, or None where it is none."""
    match = _QUANTITY.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    return Decimal(match["number"]) * _FACTORS[match["suffix"] or ""] if match else None

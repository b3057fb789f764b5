"""Who set which field: the API server's managedFields, and what infra-kit remembers beside them.

A `Fields` tree is the server's own form (FieldsV1, https://kubernetes.io/docs/reference/using-api/server-side-apply/): keys `f:name`
of a mapping, `k:{"name":"web"}` of a list whose items are told apart by keys, `v:"x"` of a set, `.` for the item itself; a leaf is `{}`.
Paths are written as the server writes them: `.spec.template.spec.containers[name="web"].image`.

managedFields forget whose a field was before somebody else took it. So each apply also writes the annotation `infra-kit.dev/fields`:
three bytes of a hash of each path that infra-kit set. A field that another manager holds is ours if it is in there.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from infra_kit.stacks.stack import FIELD_MANAGER, LABEL_PREFIX

Fields = Mapping[str, Any]

FIELDS = f"{LABEL_PREFIX}fields"
CHANGED_BY = f"{LABEL_PREFIX}changed-by"
RUN = f"{LABEL_PREFIX}run"
PATCHED_BY = f"{LABEL_PREFIX}patched-by"
AUDIT = (CHANGED_BY, RUN)
"""Who changed it and in which run: written with a change, never a reason for one."""
BOOKKEEPING = tuple(f".metadata.annotations.{name}" for name in (FIELDS, *AUDIT))

MISSING: Any = object()
"""Where there is no value; None would be one."""

_DEFAULT_KEYS = {"protocol": "TCP"}
"""Merge keys that a program may leave out, because the server sets them (ports of pods and services)."""
_HASH_BYTES = 3
"""Of a hundred fields, one that was never ours passes for ours once in 160,000 times; an object with 100 fields needs 400 characters."""


def owned(live: Mapping[str, Any], manager: str = FIELD_MANAGER) -> Fields:
    """What a manager has applied; empty where it has not."""
    entry = applied(live, manager)
    return entry.get("fieldsV1") or {} if entry else {}


def applied(live: Mapping[str, Any], manager: str = FIELD_MANAGER) -> Mapping[str, Any]:
    """The managedFields entry of what a manager has applied; empty where it has not."""
    for entry in _entries(live):
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            return entry
    return {}


def _entries(live: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return (live.get("metadata") or {}).get("managedFields") or []


def everything(*objects: Mapping[str, Any]) -> Fields:
    """The union of all managers' fields of some objects: tells which lists have keys."""
    union: dict[str, Any] = {}
    for each in objects:
        for entry in _entries(each):
            _merge(union, entry.get("fieldsV1") or {})
    return union


def _merge(into: dict[str, Any], tree: Fields) -> None:
    for key, below in tree.items():
        _merge(into.setdefault(key, {}), below)


def makers(live: Mapping[str, Any]) -> list[str]:
    """Who has set fields of an object beside infra-kit, the earliest first, status left out."""
    entries = sorted(_entries(live), key=lambda entry: str(entry.get("time", "")))
    names = [str(entry.get("manager")) for entry in entries if not entry.get("subresource") and entry.get("manager") != FIELD_MANAGER]
    return list(dict.fromkeys(names))


def holders(live: Mapping[str, Any], path: str) -> list[str]:
    """The managers other than infra-kit that hold a path or something beneath it."""
    return [
        str(entry.get("manager"))
        for entry in _entries(live)
        if entry.get("manager") != FIELD_MANAGER and any(_within(each, path) for each in paths(entry.get("fieldsV1") or {}))
    ]


def _within(path: str, root: str) -> bool:
    return path.startswith(root) and path[len(root) : len(root) + 1] in {"", ".", "["}


def within(path: str, roots: Iterable[str]) -> str | None:
    """The first of `roots` that is the path or leads to it."""
    return next((root for root in roots if _within(path, root)), None)


def paths(tree: Fields, root: str = "") -> Iterator[str]:
    """Every leaf path of a tree, and every list item that is set itself."""
    for key, below in tree.items():
        if key == ".":
            yield root
        elif below:
            yield from paths(below, root + element(key))
        else:
            yield root + element(key)


@lru_cache(maxsize=4096)
def element(key: str) -> str:
    """A tree's key as the server writes it in a path."""
    if key.startswith("f:"):
        return f".{key[2:]}"
    if key.startswith("k:"):
        return "[" + ",".join(f"{name}={json.dumps(value)}" for name, value in keys_of(key)) + "]"
    return f"[={key[2:]}]" if key.startswith("v:") else f"[{key[2:]}]"


@lru_cache(maxsize=4096)
def keys_of(key: str) -> tuple[tuple[str, Any], ...]:
    """The merge keys of a `k:` key with their values, by name."""
    return tuple(sorted(json.loads(key[2:]).items()))


def remembered(tree: Fields) -> str:
    """The annotation that remembers a tree."""
    hashes = {_hash(path) for path in paths(tree) if path not in BOOKKEEPING}
    return base64.urlsafe_b64encode(b"".join(sorted(hashes))).decode()


def was_ours(annotation: str, path: str) -> bool:
    """Whether infra-kit set that path, going by the annotation."""
    return path in BOOKKEEPING or _hash(path) in _hashes(annotation)


def remembers(annotation: str, now: str) -> bool:
    """Whether an annotation remembers all that `now` does; it may remember fields that others have taken since."""
    return _hashes(now) <= _hashes(annotation)


def _hashes(annotation: str) -> set[bytes]:
    try:
        known = base64.urlsafe_b64decode(annotation)
    except ValueError:
        return set()  # somebody has edited it: what is not proven ours is not taken
    return {known[start : start + _HASH_BYTES] for start in range(0, len(known), _HASH_BYTES)}


def _hash(path: str) -> bytes:
    return hashlib.sha256(path.encode()).digest()[:_HASH_BYTES]


def item_with(items: Any, keys: tuple[tuple[str, Any], ...]) -> Any:
    """The item of a list that has these merge keys."""
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping) and all(item.get(name, _DEFAULT_KEYS.get(name, MISSING)) == value for name, value in keys):
            return item
    return MISSING


def extract(value: Any, tree: Fields) -> Any:
    """Of a value, what a tree names; MISSING where it names nothing of it."""
    if value is MISSING or not any(key != "." for key in tree):
        return value
    if isinstance(value, Mapping):
        kept = {key[2:]: extract(value.get(key[2:], MISSING), below) for key, below in tree.items() if key.startswith("f:")}
        return {name: each for name, each in kept.items() if each is not MISSING}
    if isinstance(value, list):
        found = [_extract_item(value, key, below) for key, below in tree.items() if key != "."]
        return [each for each in found if each is not MISSING]
    return value


def _extract_item(items: list[Any], key: str, below: Fields) -> Any:
    if key.startswith("k:"):
        item = item_with(items, keys_of(key))
        if item is MISSING:
            return MISSING
        kept = extract(item, below)
        return {**{name: item[name] for name, _ in keys_of(key) if name in item}, **kept} if isinstance(kept, dict) else kept
    wanted = json.loads(key[2:]) if key.startswith("v:") else MISSING
    return wanted if wanted in items else MISSING

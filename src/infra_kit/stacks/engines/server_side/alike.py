"""Objects of which a program makes one for each user, alike but for names: one is judged by the API server, and speaks for the others.

That is for plans of what cannot be judged where it will be, because its namespace is still to come; the change itself is judged each time.
A workspace of 25 users is 500 objects, of which 150 have a form of their own.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.stack import LABEL_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
"""What every field takes that takes a name at all: a DNS label."""
_ITEM = re.compile(r'"[kv]:(?:[^"\\]|\\.)*"')
"""A key of managedFields that tells an item of a list from others."""
_SHORTEST = 3
"""Characters of a name: a shorter one would be found within other words."""


@dataclass(slots=True)
class Form:
    """One form that objects have."""

    guard: threading.Lock = field(default_factory=threading.Lock)
    length: int = -1
    """Characters of the names in the object that was judged; -1: none was."""
    managed: list[Any] = field(default_factory=list)
    """Its managedFields, as the server would have them."""

    def speaks_for(self, length: int) -> bool:
        """Whether what was judged has names at least that long: longer ones may be too long."""
        return 0 <= length <= self.length


class Alike:
    """The forms of a stack's objects. For many threads."""

    def __init__(self) -> None:
        """None is known yet."""
        self._guard = threading.Lock()
        self._forms: dict[str, Form] = {}

    @contextmanager
    def form_of(self, manifest: Mapping[str, Any]) -> Iterator[tuple[Form, int]]:
        """An object's form, to oneself, and the length of the names in it. Who comes second waits for the judgement of the first."""
        names = _names(manifest)
        words = re.compile("|".join(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])" for name in names)) if names else None
        form = manifest if words is None else _without(manifest, words, names)
        key = hashlib.sha256(json.dumps(form, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        with self._guard:
            found = self._forms.setdefault(key, Form())
        with found.guard:
            yield found, sum(map(len, names))

    @staticmethod
    def judged(form: Form, length: int, manifest: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """The server has judged one; it speaks for others unless one of the names tells items of a list apart."""
        managed = answer["metadata"].get("managedFields") or []
        items = " ".join(_ITEM.findall(json.dumps(managed)))
        if not any(name in items for name in _names(manifest)):
            form.length, form.managed = length, managed


def _names(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The names that it has because of where and whose it is, the longest first: its namespace, and the values of infra-kit's labels."""
    metadata = manifest["metadata"]
    labels = metadata.get("labels") or {}
    found = {str(text): f"<{key}>" for key, text in sorted(labels.items()) if key.startswith(LABEL_PREFIX)}
    found[str(metadata.get("namespace") or "")] = "<namespace>"
    usable = [name for name in found if len(name) >= _SHORTEST and _NAME.fullmatch(name)]
    return {name: found[name] for name in sorted(usable, key=lambda name: (-len(name), name))}


def _without(value: Any, words: re.Pattern[str], names: Mapping[str, str]) -> Any:
    """A value with what stands for each name; keys, which say what fields there are, stay."""
    if isinstance(value, str):
        return words.sub(lambda found: names[found[0]], value)
    if isinstance(value, dict):
        return {key: _without(each, words, names) for key, each in value.items()}
    return [_without(each, words, names) for each in value] if isinstance(value, list) else value

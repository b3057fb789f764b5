"""Text that Pulumi's Kubernetes provider cannot send.

It writes an object as Go writes JSON, which leaves these characters as they are; the API server reads an apply as YAML, which takes no
control characters and has U+0085 for the end of a line.

Sources: `encoding/json` of Go, `appendString`; YAML 1.2, 5.1 "Character Set"; YAML 1.1, 5.4 "Line Break Characters".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.access import KUBERNETES
from infra_kit.inventory.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra_kit.stacks.stack import ObjectKey

_UNSENDABLE = re.compile("[\x7f-\x9f\ufffe\uffff]")


def require_sendable(key: ObjectKey, manifest: Mapping[str, Any]) -> None:
    """Refuse an object before Pulumi sends half a plan.

    Raises:
        RefusedError: it holds such a character; says where.
    """
    for path, text in _texts(manifest, ""):
        found = _UNSENDABLE.search(text)
        if found is not None:
            raise RefusedError(
                KUBERNETES,
                f"{key.path}: {path} holds the character U+{ord(found[0]):04X}, which Pulumi's Kubernetes provider cannot send",
                remedy="leave it out or encode it; the engine server-side can send it",
            )


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            inner = f"{path}.{key}" if path else str(key)
            yield inner, str(key)
            yield from _texts(each, inner)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _texts(each, f"{path}[{number}]")

"""A stack's objects as YAML files that a person reads and compares: no secret in them, and the same at each run."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.parts.secret import MARKER

if TYPE_CHECKING:
    from infra_kit.stacks.stack import Evaluated, StackObject

_FIRST = ("apiVersion", "kind", "metadata")
_GENERATED = "(generated)"
_OF_NO_COMPONENT = "objects"


def files(evaluated: Evaluated) -> dict[str, str]:
    """Relative path -> text: `workspaces/fraud/COMPONENT.yaml`, one file for each component right below the stack's root.

    Where all of a stack is in one component, that is its root; its name before another's is left out. A secret's reference stands where
    the secret will be; `(generated)` where a password is made at creation.
    """
    stack = evaluated.stack
    outermost = {each.component[0] for each in evaluated.objects if each.component}
    depth = 1 if len(outermost) == 1 else 0
    found: dict[str, list[StackObject]] = defaultdict(list)
    for each in evaluated.objects:
        found[_name(each, depth)].append(each)
    folder = f"{stack.layer}/{stack.parameter or stack.program}"
    return {f"{folder}/{name}.yaml": _text(objects, evaluated.generated) for name, objects in sorted(found.items())}


def _name(item: StackObject, depth: int) -> str:
    component = item.component[depth : depth + 1] or item.component[:1]
    if not component:
        return _OF_NO_COMPONENT
    root = f"{item.component[0]}-" if depth else ""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", component[0].removeprefix(root))


def _text(objects: list[StackObject], generated: frozenset[str]) -> str:
    import yaml

    class Dumper(yaml.CSafeDumper):
        """Writes what has lines as lines."""

        def ignore_aliases(self, data: Any) -> bool:
            """No anchors: each object stands by itself."""
            del data
            return True

    Dumper.add_representer(
        str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
    )
    documents = [_shown(dict(_ordered(each.manifest)), generated) for each in objects]
    return yaml.dump_all(documents, Dumper=Dumper, sort_keys=False, explicit_start=True, allow_unicode=True, width=4096)


def _ordered(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What an object is first, then its content; keys by the alphabet, which the API server's maps have no better order than."""
    return {name: manifest[name] for name in (*_FIRST, *sorted(set(manifest) - set(_FIRST))) if name in manifest}


def _shown(value: Any, generated: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _shown(item, generated) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item, generated) for item in value]
    if isinstance(value, str):
        for password in generated:
            value = value.replace(password, _GENERATED)
        return MARKER.sub(lambda match: f"«{match['reference']}»", value)
    return value

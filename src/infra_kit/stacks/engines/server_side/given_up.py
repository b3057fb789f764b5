"""Fields that a program gives up (`ignore_changes`): set at creation, then left to whoever changes them.

What infra-kit still holds is sent with the live value, because leaving it out would reset or remove it; what somebody else has taken is
left out. The same happens to `spec.replicas` when it leaves a program whose object a HorizontalPodAutoscaler scales
(https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership).
"""

from __future__ import annotations

import re
from typing import Any

from infra_kit.stacks.engines.server_side.ownership import MISSING, Fields, extract, item_with, keys_of

_TOKEN = re.compile(r'\["(?P<quoted>[^"]*)"\]|\[(?P<index>\d+|\*)\]|(?P<name>[^.\[\]]+)')


def tokens(path: str) -> list[str | int]:
    """`spec.containers[0].image` or `data["a.b"]` as its steps; `*` stays a name."""
    found: list[str | int] = []
    for match in _TOKEN.finditer(path):
        index = match["index"]
        found.append(int(index) if index and index != "*" else match["quoted"] or index or match["name"])
    return found


def give_up(manifest: dict[str, Any], live: Any, tree: Fields, path: str) -> None:
    """Put, in place of what a manifest says at a path, what `tree` still holds of the live object there.

    Args:
        manifest: changed in place.
        live: the object as it is.
        tree: what infra-kit holds of it.
        path: as `ignore_changes` has it.
    """
    steps = tokens("data" if path == "stringData" else re.sub(r"^stringData(?=[.\[])", "data", path))
    if steps:
        _give_up(manifest, live, tree, steps)


def _give_up(wanted: Any, live: Any, tree: Fields, steps: list[str | int]) -> None:
    step, rest = steps[0], steps[1:]
    if isinstance(wanted, list):
        for item in [wanted[step]] if isinstance(step, int) and step < len(wanted) else wanted if step == "*" else []:
            if rest:
                _in_item(item, live, tree, rest)
        return
    if not isinstance(wanted, dict):
        return
    for name in list({*wanted, *_held(tree)}) if step == "*" else [str(step)]:
        below = tree.get(f"f:{name}")
        there = live.get(name, MISSING) if isinstance(live, dict) else MISSING
        if rest:
            _give_up(wanted.get(name), there, below or {}, rest)
            continue
        kept = extract(there, below) if below is not None else MISSING
        if kept is MISSING:
            wanted.pop(name, None)
        else:
            wanted[name] = kept


def _in_item(item: Any, live: Any, tree: Fields, rest: list[str | int]) -> None:
    for key, below in tree.items():
        if key.startswith("k:") and item_with([item], keys_of(key)) is not MISSING:
            _give_up(item, item_with(live, keys_of(key)), below, rest)
            return
    _give_up(item, MISSING, {}, rest)


def _held(tree: Fields) -> set[str]:
    return {key[2:] for key in tree if key.startswith("f:")}


def hand_over(manifest: dict[str, Any], live: dict[str, Any], tree: Fields) -> bool:
    """Whether `spec.replicas` has left a program while infra-kit holds it: then a HorizontalPodAutoscaler may count on it."""
    return (
        "f:replicas" in (tree.get("f:spec") or {})
        and "replicas" not in (manifest.get("spec") or {})
        and "replicas" in (live.get("spec") or {})
    )

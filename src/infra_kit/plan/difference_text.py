"""One difference as lines of text: values side by side, lists entry by entry, and no line longer than anybody reads."""

from __future__ import annotations

import json
from difflib import unified_diff
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from infra_kit.plan.masking import masked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_kit.plan.masking import Mask
    from infra_kit.plan.resource import Change

CUT: Final = "…"
"""Stands for the rest of a value."""
_LONGEST: Final = 100
"""So many characters of a value are shown."""
_AROUND: Final = 20
"""So many characters before the first that differs."""
_MOST: Final = 30
"""So many entries of a list are shown."""
_NAMING: Final = ("name", "kind", "namespace", "key", "mountPath", "containerPort", "port")
"""By what an entry of a list is known, as far as it has it; shown first."""
_COLOURS: Final = {"+": "green", "-": "red", "~": "yellow"}


def change_lines(change: Change, mask: Mask) -> Iterator[Text]:
    """A difference, without indentation.

    Args:
        change: what differs.
        mask: applied to every text, and before anything is cut.
    """
    yield from _lines(change.path, masked(change.before, mask), masked(change.after, mask))


def indented(line: Text, by: int) -> Text:
    """The line further to the right."""
    return Text(" " * by, line.style).append_text(line)


def unified_lines(text: str) -> Iterator[Text]:
    """A unified diff, coloured."""
    for line in text.splitlines():
        style = ""
        if line.startswith(("+++", "---")):
            style = "bold"
        elif line.startswith("@@"):
            style = "cyan"
        elif line.startswith(("+", "-")):
            style = _COLOURS[line[0]]
        yield Text(line, style)


def _lines(path: str, before: Any, after: Any) -> Iterator[Text]:
    some = [each for each in (before, after) if each is not None]
    if any(isinstance(each, str) and "\n" in each for each in some) and all(isinstance(each, str) for each in some):
        old, new = ("" if each is None else each.splitlines() for each in (before, after))
        names = path if before is not None else "/dev/null", path if after is not None else "/dev/null"
        yield from unified_lines("\n".join(unified_diff(list(old), list(new), *names, lineterm="")))
    elif all(isinstance(each, dict) for each in (before, after)):
        for key, old, new in _differing(before, after):
            yield from _lines(f"{path}.{key}", old, new)
    elif all(isinstance(each, list) for each in some) and _need_lines(some):
        yield Text(f"{path}:{'' if after is not None else ' (removed)'}")
        for line in _entries(before or [], after or []):
            yield indented(line, 2)
    else:
        yield _beside(path, before, after)


def _need_lines(lists: Sequence[list[Any]]) -> bool:
    return any(isinstance(each, dict) for entries in lists for each in entries) or sum(len(_json(each)) for each in lists) > _LONGEST


def _beside(path: str, before: Any, after: Any) -> Text:
    old, new = _plain(before), _plain(after)
    if max(len(old), len(new)) > _LONGEST and before is not None and after is not None:
        same = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new)))
        start = max(0, same - _AROUND)
        old, new = (f"{CUT if start else ''}{each[start:]}" for each in (old, new))
    text = Text(f"{path}: ")
    if before is not None:
        text.append(_cut(old), "red").append(" -> ", "")
    return text.append("(removed)" if after is None else _cut(new), "green")


def _entries(before: Sequence[Any], after: Sequence[Any]) -> Iterator[Text]:
    old, new = _by_identity(before, after)
    kept = old.keys() & new.keys()
    lines = [_marked("-", _short(entry)) for each, entry in old.items() if each not in kept]
    same = 0
    for each, entry in new.items():
        if each not in kept:
            lines.append(_marked("+", _short(entry)))
        elif old[each] == entry:
            same += 1
        else:
            lines.append(_marked("~", _short({key: entry[key] for key in _NAMING if key in entry})))
            lines += [indented(line, 4) for change in _differing(old[each], entry) for line in _lines(*change)]
    if not lines:
        yield Text("(the same entries in another order)")
        return
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield Text(f"{CUT} {len(lines) - _MOST} lines more")
    if same and len(lines) <= _MOST:
        yield Text(f"({same} unchanged)", "dim")


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) != after.get(key):
            yield key, before.get(key), after.get(key)


def _by_identity(*lists: Sequence[Any]) -> list[dict[str, Any]]:
    """Each list by what tells its entries apart: what they are called, if that does; else all that they are."""
    for identity in (_name, _json):
        found = [{identity(entry) or _json(entry): entry for entry in entries} for entries in lists]
        if all(len(one) == len(entries) for one, entries in zip(found, lists, strict=True)):
            return found
    return [{f"{_json(entry)} {list(entries[:at]).count(entry)}": entry for at, entry in enumerate(entries)} for entries in lists]


def _name(entry: Any) -> str:
    named = {key: entry[key] for key in _NAMING if key in entry} if isinstance(entry, dict) else {}
    return _json(named) if named else ""


def _marked(mark: str, text: str) -> Text:
    return Text(f"{mark} {_cut(text)}", _COLOURS[mark])


def _short(value: Any) -> str:
    """As YAML has it in one line, what it is called first."""
    if isinstance(value, dict):
        keys = [*(key for key in _NAMING if key in value), *(key for key in value if key not in _NAMING)]
        return ", ".join(f"{key}: {_nested(value[key])}" for key in keys)
    return _plain(value)


def _nested(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{_short(value)}}}"
    return f"[{', '.join(map(_nested, value))}]" if isinstance(value, list) else _plain(value)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _cut(text: str) -> str:
    text = text.replace("\n", "\\n")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}{CUT}"

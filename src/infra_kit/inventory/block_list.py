"""One list of a YAML file, changed item by item as text: what is not touched stays letter for letter, comments and blank lines too.

Round-trip parsers hang a comment on what stands before it, so that a removed item takes the heading of the next section along.
Here an item is the lines from its dash to its last value, with the comment lines directly above it.
"""

from __future__ import annotations

import io
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import InventoryError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

_STEP = 2
"""Columns from a dash to its keys, and from a key to the dashes beneath it."""
_WIDTH = 100_000


@dataclass(frozen=True, slots=True)
class _Item:
    node: MappingNode
    first: int
    """Line of the dash."""
    last: int
    """Line of the last value."""


class BlockList:
    """A list of named mappings in a file's text.

    Args:
        text: the file.
        section: the key at the top level whose list is meant.
        where: the file's name, for messages.
    """

    def __init__(self, text: str, section: str, where: str) -> None:
        """Find its items.

        Raises:
            InventoryError: the text is no YAML, or has no such list.
        """
        self._text = text
        self._lines = text.splitlines(keepends=True)
        self._section = section
        self._where = where
        self._key, self._node = self._find()

    def added(self, entry: Mapping[str, Any]) -> str:
        """The text with one more item, the last."""

        def add(items: list[Any]) -> None:
            items.append(dict(entry))

        items = self._items()
        if items is None or (not items and not self._is_bare()):
            return self._round_trip(add)
        if not items:
            line, indent = self._key.start_mark.line, _STEP
            # `workspaces: []` becomes a block; a comment behind it stays.
            head = self._lines[line].replace("[]", "", 1)
            head = head.replace(":  ", ": ", 1) if "#" in head else head.rstrip() + "\n"
            return self._checked([*self._lines[:line], head, *_block(entry, indent), *self._lines[line + 1 :]], add)
        after, indent = items[-1].last + 1, items[-1].node.start_mark.column - _STEP
        apart = len(items) > 1 and self._is_blank(self._heading(items[-1]) - 1)
        ended = self._lines[after - 1] if self._lines[after - 1].endswith("\n") else self._lines[after - 1] + "\n"
        block = [*(["\n"] if apart else []), *_block(entry, indent)]
        return self._checked([*self._lines[: after - 1], ended, *block, *self._lines[after:]], add)

    def without(self, name: str) -> str:
        """The text without the item of that name.

        Raises:
            InventoryError: there is none.
        """
        place = self._place(name)

        def remove(items: list[Any]) -> None:
            del items[place]

        items = self._items()
        if items is None:
            return self._round_trip(remove)
        first, behind = self._heading(items[place]), items[place].last + 1
        if len(items) == 1:
            line = self._key.start_mark.line
            head = self._lines[line].replace(":", ": []", 1)
            return self._checked([*self._lines[:line], head, *self._lines[line + 1 : first], *self._lines[behind:]], remove)
        blank_before, blank_behind = self._is_blank(first - 1), self._is_blank(behind)
        # One of the two blank lines around it goes with it; where only one stood, what it set apart is still apart.
        if blank_behind and (blank_before or place == 0):
            behind += 1
        elif blank_before and place == len(items) - 1 and not blank_behind:
            first -= 1
        return self._checked([*self._lines[:first], *self._lines[behind:]], remove)

    def with_flag(self, name: str, key: str, *, value: bool, behind: str) -> str:
        """The text in which the item's key is true; without the key where `value` is False, which is its default.

        Args:
            name: the item's.
            key: the key.
            value: its value.
            behind: the key behind which it is put where it is new.

        Raises:
            InventoryError: there is no such item.
        """
        place = self._place(name)

        def change(items: list[Any]) -> None:
            if value:
                items[place][key] = True
            else:
                items[place].pop(key, None)

        items = self._items()
        if items is None or items[place].node.flow_style:
            return self._round_trip(change)
        node = items[place].node
        found = {each.value: (each, given) for each, given in node.value}
        if key in found:
            line = found[key][0].start_mark.line
            mark = found[key][1]
            if value:
                old = self._lines[line]
                kept = [old[: mark.start_mark.column] + "true" + old[mark.end_mark.column :]]
            elif line == items[place].first:
                return self._round_trip(change)  # `- suspended: true` begins the item
            else:
                kept = []
            return self._checked([*self._lines[:line], *kept, *self._lines[line + 1 :]], change)
        if not value:
            return self._text
        line = _last_line((found.get(behind) or found["name"])[1]) + 1
        return self._checked([*self._lines[:line], f"{' ' * node.start_mark.column}{key}: true\n", *self._lines[line:]], change)

    def _find(self) -> tuple[Node, Node]:
        from ruamel.yaml.error import YAMLError

        try:
            root = _yaml().compose(self._text)
        except YAMLError as error:
            raise InventoryError(f"not well formed: {error}", where=self._where) from error
        for key, value in getattr(root, "value", None) or ():
            if key.value == self._section:
                return key, value
        raise InventoryError(f"has no section `{self._section}`", where=self._where)

    def _items(self) -> list[_Item] | None:
        """The items; None where the list is written in one line, or not as a list of mappings."""
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        if not isinstance(self._node, SequenceNode):
            return [] if not self._node.value else None
        node: SequenceNode = self._node
        if node.flow_style:
            return [] if not node.value else None
        if not all(isinstance(each, MappingNode) for each in node.value):
            return None
        return [_Item(each, each.start_mark.line, _last_line(each)) for each in node.value]

    def _is_bare(self) -> bool:
        """Whether the empty list is `section:` or `section: []` and nothing else that a text edit would have to understand."""
        rest = self._lines[self._key.start_mark.line].partition(":")[2].partition("#")[0].strip()
        return rest in {"", "[]"}

    def _heading(self, item: _Item) -> int:
        """The first line of the comment directly above an item; its own first line where there is none."""
        first = item.first
        while self._lines[first - 1].lstrip().startswith("#") and first - 1 > self._key.start_mark.line:
            first -= 1
        return first

    def _is_blank(self, line: int) -> bool:
        return line < len(self._lines) and not self._lines[line].strip()

    def _place(self, name: str) -> int:
        items = _yaml("safe").load(self._text)[self._section] or []
        for place, each in enumerate(items):
            if isinstance(each, dict) and each.get("name") == name:
                return place
        raise InventoryError(f"section `{self._section}` has no item named {name}", where=self._where)

    def _checked(self, lines: list[str], change: Callable[[list[Any]], None]) -> str:
        """The text, once it has been read back and says what it should."""
        text = "".join(lines)
        expected = deepcopy(_yaml("safe").load(self._text))
        expected[self._section] = list(expected[self._section] or [])
        change(expected[self._section])
        found = _yaml("safe").load(text)
        if found != expected:
            return self._round_trip(change)
        return text

    def _round_trip(self, change: Callable[[list[Any]], None]) -> str:
        """By the round-trip parser, where the text is in an unusual form."""
        yaml = _yaml()
        root = yaml.load(self._text)
        if root[self._section] is None:
            root[self._section] = []
        change(root[self._section])
        out = io.StringIO()
        yaml.dump(root, out)
        expected = _yaml("safe").load(self._text)
        expected[self._section] = list(expected[self._section] or [])
        change(expected[self._section])
        if _yaml("safe").load(out.getvalue()) != expected:
            raise StateError("would not read back as meant; nothing has been written", where=self._where, remedy="edit it by hand")
        return out.getvalue()


def _yaml(kind: str = "rt") -> YAML:
    from ruamel.yaml import YAML

    yaml = YAML(typ=kind, pure=True)
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    yaml.indent(mapping=_STEP, sequence=2 * _STEP, offset=_STEP)
    return yaml


def _last_line(node: Node) -> int:
    """The line of the last character that belongs to a node: a block's own end mark is where the next thing begins."""
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    if node.end_mark.column == 0 and node.end_mark.line > node.start_mark.line:
        return int(node.end_mark.line) - 1
    return int(node.end_mark.line)


def _block(entry: Mapping[str, Any], indent: int) -> list[str]:
    """An item as lines: a key a line, what is in it in one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    item = CommentedMap()
    for key, value in entry.items():
        made = CommentedMap(value) if isinstance(value, dict) else CommentedSeq(value) if isinstance(value, list) else value
        if isinstance(made, CommentedMap | CommentedSeq):
            made.fa.set_flow_style()
        item[key] = made
    out = io.StringIO()
    _yaml().dump(item, out)
    lines = out.getvalue().splitlines(keepends=True)
    return [" " * indent + ("- " if number == 0 else "  ") + line for number, line in enumerate(lines)]

"""YAML files composed once by the C parser: plain values, and the place of every key and value when someone asks."""

from __future__ import annotations

import math
import re
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from infra_kit.inventory.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

PathKeys = tuple[str | int, ...]
"""A value's place in the document: keys and list indices from the root."""

_INTEGER = re.compile(r"[-+]?[0-9]+$")
_OCTAL_OR_HEX = re.compile(r"0(o[0-7]+|x[0-9a-fA-F]+)$")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("0123456789+-.")
_STRING_TAG = "tag:yaml.org,2002:str"
_MAX_DEPTH = 64
"""Deeper than any section of a site; the C parser itself would overflow the stack."""
_MAX_ALIASED_VALUES = 200_000
"""What aliases may stand for in all, so that a few lines cannot fill the memory."""
_MAX_DIGITS = 18
_MAX_NUMBER = 10.0**_MAX_DIGITS
_PRIMARY_KEYS = ("name", "id", "lnn", "group", "network", "path", "interface", "host", "port", "prefix", "purpose")


class _Parser(CParser):
    """The C parser without YAML 1.1's guessing (`on`, `1:30`, `0777`): scalars are typed by YAML 1.2's core schema below."""

    def resolve(self, _kind: object, _value: object, _implicit: object) -> str:
        return ""

    depth = 0
    passed: Node | None = None
    """The innermost collection that the limit allows, where it holds one level more."""

    def descend_resolver(self, node: Node | None, _index: object) -> None:
        """The parser calls this on the way down: the place to stop before its own recursion ends the process."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self.passed = node
            raise RecursionError

    def ascend_resolver(self) -> None:
        """The parser calls this on the way up."""
        self.depth -= 1


@dataclass(slots=True)
class Document:
    """One YAML file of a site."""

    file: str
    root: MappingNode | None = None
    value: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    text: str = field(default="", repr=False)

    def place(self, path: PathKeys, *, at_key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of the value at `path`, or of its closest existing ancestor.

        Args:
            path: keys and list indices from the root.
            at_key: the place of the path's last key in place of its value's.
        """
        node: Node | None = self.root
        line, column = 1, 1
        for position, key in enumerate(path, start=1):
            found = _step(node, key, at_key=at_key and position == len(path))
            if found is None:
                break
            marked, node = found
            line, column = marked.start_mark.line + 1, marked.start_mark.column + 1
        return line, column

    def path_text(self, path: PathKeys) -> str:
        """The path with list items named by their key: `servers[name=worker01].nics[name=eth0].port`."""
        return path_text(self.value, path)


def path_text(value: Any, path: PathKeys) -> str:
    """The path with list items named by their key, where the item has one; by index otherwise."""
    parts: list[str] = []
    for key in path:
        if isinstance(key, str):
            parts.append(f".{key}" if parts else key)
            value = value.get(key) if isinstance(value, dict) else None
            continue
        value = value[key] if isinstance(value, list) and key < len(value) else None
        parts.append(f"[{_item_name(value, key)}]")
    return "".join(parts)


def _item_name(item: Any, index: int) -> str:
    if isinstance(item, dict):
        for key in _PRIMARY_KEYS:
            if isinstance(item.get(key), str | int):
                return f"{key}={item[key]}"
    return str(index)


def _step(node: Node | None, key: str | int, *, at_key: bool) -> tuple[Node, Node] | None:
    """The node to mark and the node to go on from."""
    if isinstance(node, MappingNode) and isinstance(key, str):
        for key_node, value_node in node.value:
            if key_node.value == key:
                # A block collection's mark is its first item; the key says better where the reader should look.
                return (value_node if isinstance(value_node, ScalarNode) and not at_key else key_node), value_node
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None


def read_document(path: Path, file: str) -> Document:
    """Compose and construct one file. Whatever is wrong with it is in `findings`; nothing is raised.

    Args:
        path: the file.
        file: how findings name it.
    """
    document = Document(file)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return _refuse(document, "IK0001", "is a folder, not a YAML file", "remove the folder or rename it")
        if not stat.S_ISREG(mode):  # reading a pipe would wait for ever
            return _refuse(document, "IK0001", "is not a regular file", "put a regular file in its place")
        data = path.read_bytes()
    except OSError as error:
        return _refuse(document, "IK0001", f"cannot be read: {error.strerror}", "check the file and its permissions")
    try:
        document.text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        return _refuse(document, "IK0002", f"is not UTF-8: byte 0x{data[error.start]:02x}", "save the file as UTF-8", (line, column))
    return _compose(document)


def _compose(document: Document) -> Document:
    parser = None
    try:
        parser = _Parser(document.text)
        root = parser.get_single_node()
    except yaml.reader.ReaderError as error:
        line = document.text.encode().count(b"\n", 0, error.position) + 1
        return _refuse(document, "IK0003", f"contains a character that YAML forbids: {error.reason}", "remove the character", (line, 1))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(part for part in (error.context, error.problem) if part)
        hint = _SYNTAX_HINTS.get(error.problem or "", "mend the YAML syntax here or on the line before")
        return _refuse(document, "IK0003", message, hint, (mark.line + 1, mark.column + 1) if mark else (1, 1))
    except RecursionError:
        start = parser.passed.start_mark if parser and parser.passed else None
        place = (start.line + 1, start.column + 1) if start else (1, 1)
        return _refuse(document, "IK0003", f"is nested more than {_MAX_DEPTH} levels deep", "flatten the structure", place)
    if root is None:
        return _refuse(document, "IK0004", "is empty", "remove the file, or write its sections")
    if not isinstance(root, MappingNode):
        return _refuse(document, "IK0005", "is not a mapping of sections", "start the file with a section such as `servers:`")
    document.root = root
    document.value = _Construction(document).mapping(root)
    return document


_SYNTAX_HINTS = {
    "found a tab character that violates indentation": "indent with spaces; YAML does not allow tabs",
    "found character that cannot start any token": "indent with spaces and quote values that start with %, @ or `",
    "found undefined alias": "define the anchor (&name) before the alias (*name), or write the value out",
    "but found another document": "keep one document a file: remove the `---`",
}


def _refuse(document: Document, rule: str, message: str, hint: str, place: tuple[int, int] = (1, 1)) -> Document:
    document.findings.append(Finding(rule, "error", document.file, *place, "", message, hint))
    return document


class _Construction:
    """Nodes to plain values, finding duplicate keys, foreign tags and aliases that contain themselves."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: set[int] = set()
        self._shared: dict[int, Any] = {}
        self._sizes: dict[int, int] = {}
        self._aliased = 0

    def mapping(self, node: MappingNode) -> dict[str, Any]:
        result: dict[str, Any] = {}
        value_of = self.value
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, ScalarNode):
                self._find("IK0006", key_node, "a key is not plain text", "write keys as plain words")
                continue
            if key in result:
                self._find("IK0007", key_node, f"key `{key}` is written twice in one mapping", "keep one of the two")
            result[key] = value_of(value_node)
        return result

    def value(self, node: Node) -> Any:
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        mark = id(node)
        if mark in self._shared:
            return self._alias(node, self._shared[mark])
        if mark in self._open:
            self._find("IK0008", node, "an anchor contains an alias to itself", "write the value out")
            return None
        self._open.add(mark)
        if node.tag:
            self._find("IK0009", node, f"tag {node.tag} is not supported", "remove the tag")
        result: Any = self.mapping(node) if isinstance(node, MappingNode) else [self.value(item) for item in node.value]
        self._open.discard(mark)
        self._shared[mark] = result
        return result

    def _alias(self, node: Node, value: Any) -> Any:
        before = self._aliased
        self._aliased += self._size(value)
        if self._aliased <= _MAX_ALIASED_VALUES:
            return value
        if before <= _MAX_ALIASED_VALUES:
            message = f"aliases stand for more than {_MAX_ALIASED_VALUES} values; this anchor is one of theirs"
            self._find("IK0011", node, message, "write the values out, or split the site")
        return None

    def _size(self, value: Any) -> int:
        if not isinstance(value, dict | list):
            return 1
        if id(value) not in self._sizes:
            items = value.values() if isinstance(value, dict) else value
            self._sizes[id(value)] = 1 + sum(self._size(item) for item in items)
        return self._sizes[id(value)]

    def _scalar(self, node: ScalarNode) -> Any:
        text: str = node.value
        if node.tag:
            if node.tag != _STRING_TAG:
                self._find("IK0009", node, f"tag {node.tag} is not supported", "remove the tag")
            return text
        if node.style:  # quoted or block: text, whatever it looks like
            return text
        if text[:1] in _NUMBER_STARTS:
            return self._number(node, text)
        return _CONSTANTS.get(text, text) if len(text) <= 5 else text  # noqa: PLR2004  the longest constant is `false`

    def _number(self, node: ScalarNode, text: str) -> int | float | str | None:
        number: int | float
        if _INTEGER.match(text) and len(text) <= _MAX_DIGITS:
            return int(text)
        if _OCTAL_OR_HEX.match(text) and len(text) <= _MAX_DIGITS:
            number = int(text, 0)
        elif _FLOAT.match(text):  # every longer integer is one, too
            number = float(text)
        else:
            return text
        if math.isinf(number) or abs(number) >= _MAX_NUMBER or (isinstance(number, float) and _INTEGER.match(text)):
            self._find("IK0012", node, f"the number has more than {_MAX_DIGITS} digits", "write a smaller number, or quote it as text")
            return None
        return number

    def _find(self, rule: str, node: Node, message: str, hint: str) -> None:
        mark = node.start_mark
        self._document.findings.append(Finding(rule, "error", self._document.file, mark.line + 1, mark.column + 1, "", message, hint))

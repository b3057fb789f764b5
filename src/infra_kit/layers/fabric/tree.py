"""Text to configuration tree and back: comments go, lists are taken apart, spellings become one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from hier_config.root import HConfig

from infra_kit.layers.fabric.facts import vlan_ranges
from infra_kit.layers.fabric.os10 import NEGATIVE, driver, plain, rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hier_config.child import HConfigChild

_TRUNK = "switchport trunk allowed vlan "
_SERVERS = re.compile(r"ip name-server (?:vrf \S+ )?")
_NEWLINE, _SPACE = "␤", "␠"
"""Stand for line breaks and spaces inside a banner, which is one line of the tree."""
_SPELLED = re.compile(r"interface .*\s\d|username|description \"|snmp-server (?:contact|location)")


Keep = Callable[[str, str], bool]
"""Says of a line (opening line of its top-level block, the line) whether it belongs in the tree; both are the same at the top."""


def parse(lines: Iterable[str], keep: Keep | None = None) -> HConfig:
    """The tree of a configuration.

    Args:
        lines: a running configuration, or a rendered one.
        keep: which lines to take; a block that is left out is left out whole.
    """
    config = HConfig(driver())
    stack: list[tuple[int, HConfig | HConfigChild | None]] = [(-1, config)]
    top = ""
    for line in _without_comments(lines):
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        while stack[-1][0] >= indent:
            stack.pop()
        parent = stack[-1][1]
        child: HConfigChild | None = None
        for each in _canonical(text) if parent is not None else ():
            top = each if len(stack) == 1 else top
            if parent is not None and (keep is None or keep(top, each)):
                child = parent.add_child(each, return_if_present=True)
        stack.append((indent, child))
    return config


def _without_comments(lines: Iterable[str]) -> Iterator[str]:
    source = iter(lines)
    for raw in source:
        line = raw.replace("\t", " ").rstrip()
        text = line.lstrip(" ")
        if not text or text[0] == "!":
            continue
        if text.startswith("banner motd "):
            line = _banner(line, source)
        yield line


def _banner(first: str, rest: Iterator[str]) -> str:
    delimiter = first.split(None, 2)[2][:1]
    lines = [first]
    while lines[-1].count(delimiter) < (2 if len(lines) == 1 else 1):
        following = next(rest, None)
        if following is None:
            break
        lines.append(following)
    head, text = "banner motd ", "\n".join(lines).split(None, 2)[2]
    return head + text.rstrip().replace("\n", _NEWLINE).replace(" ", _SPACE)


def canonical(text: str) -> str:
    """One spelling of a line."""
    text = " ".join(text.split())
    if _SPELLED.match(text):
        for pattern, replacement in rules().same:
            text = pattern.sub(replacement, text)
    return text


def _canonical(text: str) -> Iterator[str]:
    text = canonical(text)
    if text.startswith(_TRUNK):
        for number in _numbers(text.removeprefix(_TRUNK)):
            yield f"{_TRUNK}{number}"
        return
    servers = _SERVERS.match(text)
    if servers:
        for word in text[servers.end() :].split():
            yield servers[0] + word
        return
    yield f"{NEGATIVE}{text[3:]}" if text.startswith("no ") else text


def _numbers(text: str) -> list[str]:
    """`5,11-13` taken apart; what is no list of numbers stays as it is."""
    found: list[str] = []
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            return [text]
        found.extend(str(number) for number in range(int(first), int(last or first) + 1))
    return found


def shown(node: HConfig | HConfigChild) -> Iterator[tuple[str, HConfigChild]]:
    """A block's lines as the switch writes them, each with its node: `no`, banners, and trunk VLANs back in one list."""
    trunks: dict[str, set[int]] = {}
    children = sorted(node.children)
    for child in children:
        prefix, number = _trunk(child.text)
        if prefix:
            trunks.setdefault(prefix, set()).add(number)
    any_trunk = bool(trunks)
    for child in children:
        prefix = _trunk(child.text)[0] if any_trunk else ""
        if not prefix:
            yield as_shown(child.text), child
        elif prefix in trunks:
            yield prefix + vlan_ranges(trunks.pop(prefix)), child


def as_shown(text: str) -> str:
    """One line of a tree as the switch writes it."""
    if text.startswith("banner "):
        return text.replace(_NEWLINE, "\n").replace(_SPACE, " ")
    return plain(text)


def _trunk(text: str) -> tuple[str, int]:
    if _TRUNK in text:
        for prefix in (_TRUNK, f"no {_TRUNK}"):
            if text.startswith(prefix) and text[len(prefix) :].isdecimal():
                return prefix, int(text[len(prefix) :])
    return "", 0


def print_tree(node: HConfig | HConfigChild, depth: int = 0) -> Iterator[str]:
    """The tree as text, one space a level."""
    for text, child in shown(node):
        yield " " * depth + text
        yield from print_tree(child, depth + 1)

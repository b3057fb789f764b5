"""Secrets in configuration lines: markers for what infra-kit manages, nothing for the rest, the values only on the wire."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.os10 import rules
from infra_kit.layers.fabric.tree import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pydantic import SecretStr

_MARKER = re.compile(r"«([^»]+)»")
_HIDDEN = "hidden-"
"""Begins the marker of a secret that infra-kit does not know; a number tells one from another."""


class Masking:
    """Puts the markers of a wanted configuration back into the switch's own text.

    Args:
        wanted: the wanted lines that hold markers.
        resolve: gives the secret behind a reference.

    Raises:
        SecretError: a reference leads nowhere.
    """

    def __init__(self, wanted: Iterable[str], resolve: Callable[[str], SecretStr]) -> None:
        """Resolve what the wanted lines refer to."""
        self._resolve = resolve
        self._hidden: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._concealed: dict[str, str] = {}
        for raw in wanted:
            line = canonical(raw)
            self._known[canonical(reveal(line, resolve))] = line
            self._concealed[_MARKER.split(line)[0].removesuffix("0 ")] = line

    def mask(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines without any secret.

        A managed secret that the switch shows only in a form of its own (`key 9 ...`) counts as the wanted one: its
        value cannot be known from the outside, so a change of it is not seen.
        """
        for line in lines:
            yield self._masked(line) if rules().secrets.search(line) else line

    def _masked(self, line: str) -> str:
        indent, text = line[: len(line) - len(line.lstrip())], canonical(line)
        if text in self._known:
            return indent + self._known[text]
        for pattern, stem in rules().concealed:
            match = pattern.match(text)
            if match and match.expand(stem) in self._concealed:
                return indent + self._concealed[match.expand(stem)]
        return indent + rules().secrets.sub(self._hide, text)

    def _hide(self, match: re.Match[str]) -> str:
        groups = {name: value for name, value in match.groupdict().items() if value is not None}
        before = next(value for name, value in groups.items() if name.startswith("before"))
        secret = next(value for name, value in groups.items() if name.startswith("secret"))
        return f"{before}«{self._hidden.setdefault(secret, f'{_HIDDEN}{len(self._hidden) + 1}')}»"

    def reveal(self, line: str) -> str:
        """The line as it goes over the wire; a hidden secret goes back as it was read, so that its line can be removed."""
        unknown = {marker: secret for secret, marker in self._hidden.items()}
        return _MARKER.sub(lambda match: unknown.get(match[1]) or self._resolve(match[1]).get_secret_value(), line)


def reveal(line: str, resolve: Callable[[str], SecretStr]) -> str:
    """The line as it goes over the wire."""
    return _MARKER.sub(lambda match: resolve(match[1]).get_secret_value(), line)

"""The command language as data: which commands exist in which mode, and what a line replaces."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any, NoReturn

import yaml

UNRECOGNIZED = "% Error: Unrecognized command."
ILLEGAL = "% Error: Illegal parameter."
INCOMPLETE = "% Error: Incomplete command."


class RefusedLineError(Exception):
    """The switch refuses a line; the text is what it prints."""


def refuse(text: str) -> NoReturn:
    """Refuse a line in the switch's form."""
    raise RefusedLineError(f"% Error: {text}")


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a form: literal alternatives, or an argument."""

    literals: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    low: int | None = None
    high: int | None = None
    rest: bool = False

    def read(self, word: str) -> str | None:
        """The canonical word, or None if it does not fit. Literals may be shortened."""
        if self.pattern is None:
            return next((each for each in self.literals if each == word), None) or _only(
                each for each in self.literals if each.startswith(word)
            )
        match = self.pattern.fullmatch(word)
        if match is None or not self._in_range(match):
            return None
        return word

    def _in_range(self, match: re.Match[str]) -> bool:
        if self.low is None or self.high is None:
            return True
        return self.low <= int(match["number"]) <= self.high


@dataclass(frozen=True, slots=True)
class Form:
    """One command of a mode; `variants` are its token lists with and without the optional parts."""

    variants: tuple[tuple[Token, ...], ...]
    key: int | None
    """Leading words that identify the line; None: all of them."""
    rank: int
    enter: str = ""
    negative: bool = False
    hidden: bool = False
    stored: bool = True
    merge: str = ""
    check: str = ""

    def identity(self, words: list[str]) -> str:
        """What a line of these words replaces."""
        return " ".join(words if self.key is None else words[: self.key])


@dataclass(frozen=True, slots=True)
class Match:
    """A line understood."""

    form: Form
    words: list[str]
    negated: bool

    @property
    def text(self) -> str:
        """The canonical line without `no`."""
        return " ".join(self.words)

    @property
    def slot(self) -> str:
        """What it replaces or removes."""
        return self.form.identity(self.words)


@dataclass(frozen=True, slots=True)
class Grammar:
    """All modes."""

    modes: dict[str, tuple[Form, ...]]
    prompts: dict[str, str]
    heads: dict[str, dict[str, tuple[Form, ...]]] = field(default_factory=dict)

    def read(self, mode: str, line: str) -> Match:
        """Understand a line.

        Raises:
            RefusedLineError: as the switch words it; `UNRECOGNIZED` where no command of the mode begins like this.
        """
        words = line.split()
        negated = words[:1] == ["no"]
        if negated:
            words = words[1:]
        failure, best = UNRECOGNIZED, 0
        exact = self.heads[mode].get(words[0], ()) if words else ()
        for form in exact or self.modes[mode]:
            for variant in form.variants:
                read, depth, complete = _read(variant, words)
                if complete or (negated and _enough(form, variant, read, words)):
                    return Match(form, read, negated)
                if depth > best:
                    best, failure = depth, INCOMPLETE if depth == len(words) else ILLEGAL
        raise RefusedLineError(failure)


def _enough(form: Form, variant: tuple[Token, ...], read: list[str], words: list[str]) -> bool:
    """Whether `no` with these words names the line: its identity is all there and nothing was left unread."""
    needed = len(variant) if form.key is None else form.key
    return len(read) == len(words) and len(read) >= needed


def _read(variant: tuple[Token, ...], words: list[str]) -> tuple[list[str], int, bool]:
    read: list[str] = []
    for position, token in enumerate(variant):
        if position >= len(words):
            return read, position, False
        if token.rest:
            read.append(" ".join(words[position:]))
            return read, len(words), position == len(variant) - 1
        word = token.read(words[position])
        if word is None:
            return read, position, False
        read.append(word)
    return read, len(variant), len(words) == len(variant)


def _only(candidates: Any) -> str | None:
    found = list(candidates)
    return found[0] if len(found) == 1 else None


@cache
def grammar() -> Grammar:
    """The grammar of grammar.yaml."""
    data = yaml.load(files(__package__).joinpath("grammar.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    types: dict[str, str] = data["types"]
    modes = {mode: tuple(_forms(data["modes"], mode, types)) for mode in data["modes"]}
    heads = {mode: _by_head(forms) for mode, forms in modes.items()}
    return Grammar(modes, data["prompts"], heads)


def _by_head(forms: tuple[Form, ...]) -> dict[str, tuple[Form, ...]]:
    found: dict[str, list[Form]] = {}
    for form in forms:
        for literal in form.variants[0][0].literals:
            found.setdefault(literal, []).append(form)
    return {head: tuple(each) for head, each in found.items()}


def _forms(modes: dict[str, list[dict[str, Any]]], mode: str, types: dict[str, str]) -> list[Form]:
    entries: list[dict[str, Any]] = []
    for entry in modes[mode]:
        entries.extend(modes[entry["include"]] if "include" in entry else [entry])
    return [_form(entry, rank, types) for rank, entry in enumerate(entries)]


def _form(entry: dict[str, Any], rank: int, types: dict[str, str]) -> Form:
    variants = tuple(tuple(_token(word, types) for word in words) for words in _variants(entry["form"]))
    # A block is itself and no other; only what there is one of (`router bgp`) has a shorter identity.
    several = "enter" in entry and entry.get("check") != "single"
    key = entry.get("key", "all" if several else _literal_head(variants[0]))
    options = {name: entry[name] for name in ("enter", "negative", "hidden", "stored", "merge", "check") if name in entry}
    return Form(variants, None if key == "all" else key, rank, **options)


def _literal_head(variant: tuple[Token, ...]) -> int:
    return next((position for position, token in enumerate(variant) if token.pattern is not None), len(variant))


def _variants(form: str) -> list[list[str]]:
    """`a [b <c>] d` gives `a d` and `a b <c> d`; the longer ones first."""
    pieces = re.findall(r"\[[^\]]*\]|[^\s\[\]]+", form)
    parts: list[list[list[str]]] = [[piece[1:-1].split(), []] if piece.startswith("[") else [[piece]] for piece in pieces]
    return [[word for part in choice for word in part] for choice in product(*parts)]


_ARGUMENT = re.compile(r"(?P<before>[^<]*)<(?P<kind>[^>]+)>$")
_RANGE = re.compile(r"(\d+)-(\d+)$")


def _token(word: str, types: dict[str, str]) -> Token:
    argument = _ARGUMENT.match(word)
    if argument is None or "|" in argument["before"]:
        alternatives = word.split("|")
        if any("<" in each for each in alternatives):
            return Token(pattern=re.compile("|".join("\\d+" if "<" in each else re.escape(each) for each in alternatives)))
        return Token(literals=tuple(alternatives))
    before, kind = re.escape(argument["before"]), argument["kind"]
    numbers = _RANGE.match(kind)
    if numbers:
        return Token(pattern=re.compile(rf"{before}(?P<number>\d{{1,10}})"), low=int(numbers[1]), high=int(numbers[2]))
    return Token(pattern=re.compile(f"{before}(?:{types[kind]})"), rest=kind == "text")

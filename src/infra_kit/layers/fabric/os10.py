"""OS10 for hier_config: which lines replace one another, how a line is taken back, in which order lines are sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml
from hier_config.platforms.driver_base import HConfigDriverBase, HConfigDriverRules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hier_config.child import HConfigChild
    from hier_config.root import HConfig

NEGATIVE = "¬ "
"""Stands for `no ` in a line that a configuration holds, so that it is not taken for the removal of something."""

Substitutions = tuple[tuple[re.Pattern[str], str], ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of os10.yaml, compiled."""

    dump_order: tuple[re.Pattern[str], ...]
    one_of: dict[str, re.Pattern[str]]
    taken_back_by: dict[str, Substitutions]
    push_order: dict[str, tuple[tuple[re.Pattern[str], int], ...]]
    device_owned: dict[str, re.Pattern[str]]
    implied: re.Pattern[str]
    same: Substitutions
    secrets: re.Pattern[str]
    concealed: Substitutions


@cache
def rules() -> Rules:
    """The rules, read once."""
    data: dict[str, Any] = yaml.load(files(__package__).joinpath("os10.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return Rules(
        dump_order=tuple(re.compile(f"(no )?{each}") for each in data["dump_order"]),
        one_of={place: _any(each) for place, each in data["one_of"].items()},
        taken_back_by={place: _substitutions(each) for place, each in data["taken_back_by"].items()},
        push_order={place: tuple((re.compile(line), rank) for line, rank in each) for place, each in data["push_order"].items()},
        device_owned={place: _any(each) for place, each in data["device_owned"].items()},
        implied=_any(data["implied"]),
        same=_substitutions(data["same"]),
        # One alternative's group names may not be another's: the first that matches is what counts.
        secrets=re.compile("|".join(_unnamed(number, each) for number, each in enumerate(data["secrets"]))),
        concealed=_substitutions(data["concealed"]),
    )


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in patterns))


def _unnamed(number: int, pattern: str) -> str:
    return pattern.replace("?P<before>", f"?P<before{number}>").replace("?P<secret>", f"?P<secret{number}>")


def _substitutions(pairs: Iterable[list[str]]) -> Substitutions:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in pairs)


def plain(text: str) -> str:
    """A line as the switch writes it."""
    return f"no {text[len(NEGATIVE) :]}" if text.startswith(NEGATIVE) else text


_PLACES = {
    "interface": "interface",
    "vrrp-group": "vrrp",
    "vlt-domain": "vlt",
    "router": "bgp",
    "neighbor": "neighbor",
    "template": "neighbor",
}


def place_of(block: str) -> str:
    """Which of the rules' places a block's lines are in; `top` for the configuration itself."""
    return _PLACES.get(block.partition(" ")[0], "other") if block else "top"


@lru_cache(maxsize=65536)
def slot(place: str, text: str) -> str:
    """What a line competes for: lines of one block and one slot replace one another."""
    positive = text.removeprefix(NEGATIVE)
    pattern = rules().one_of.get(place)
    match = pattern.match(positive) if pattern else None
    return match[0] if match else positive


@lru_cache(maxsize=65536)
def taken_back(place: str, text: str) -> str:
    """The line that takes a line back."""
    line = plain(text)
    for pattern, replacement in rules().taken_back_by.get(place, ()):
        if pattern.match(line):
            return pattern.sub(replacement, line)
    if text.startswith(NEGATIVE):
        return text.removeprefix(NEGATIVE)
    return f"no {slot(place, text)}"


@lru_cache(maxsize=65536)
def push_rank(place: str, text: str) -> int:
    """When a line is sent within its block."""
    line = plain(text)
    return next((rank for pattern, rank in rules().push_order.get(place, ()) if pattern.match(line)), 0)


_CHILDLESS_BLOCKS = re.compile(
    r"interface (?!breakout|management)|vlt-domain|router |vrrp-group|neighbor |address-family|class|policy-map|trust |qos-map"
    r"|system qos|port-group"
)


class Os10Driver(HConfigDriverBase):
    """OS10's dialect. The rules are those of os10.yaml instead of hier_config's lists: one look-up a line, not one a rule."""

    @staticmethod
    def _instantiate_rules() -> HConfigDriverRules:
        return HConfigDriverRules(indentation=1)

    def idempotent_for(self, config: HConfigChild, other_children: Iterable[HConfigChild]) -> HConfigChild | None:
        """The line among others that this one replaces; the same line again replaces nothing."""
        place = place_of(_block(config))
        text, wanted = config.text, slot(place, config.text)
        return next((other for other in other_children if other.text != text and slot(place, other.text) == wanted), None)

    def negate_with(self, config: HConfigChild) -> str | None:
        """How the line is taken back; None where taking `no` away from it does."""
        if config.text.startswith("no "):
            return None
        line = taken_back(place_of(_block(config)), config.text)
        return None if line == config.text.removeprefix(NEGATIVE) else line

    def swap_negation(self, child: HConfigChild) -> HConfigChild:
        """A setting that is itself a `no` is taken back by the plain line."""
        child.text = child.text.removeprefix(NEGATIVE)
        return child

    def sectional_exit(self, config: HConfigChild) -> str | None:
        """Every block is left by `exit`, one without lines too."""
        if config.children or (_CHILDLESS_BLOCKS.match(config.text) and not config.text.startswith("no ")):
            return "exit"
        return None


def _block(config: HConfigChild) -> str:
    parent = config.parent
    return "" if parent is config.root else parent.text  # type: ignore[union-attr]


@cache
def driver() -> Os10Driver:
    """The one driver."""
    return Os10Driver()


def rank_for_push(config: HConfig | HConfigChild, block: str = "") -> None:
    """Give every line of a change its rank."""
    place = place_of(block)
    for child in config.children:
        child.order_weight = push_rank(place, child.text)
        if child.children:
            rank_for_push(child, child.text)

"""From a running configuration to the wanted one: the lines to send, and what they change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.difference import unified
from infra_kit.layers.fabric.facts import expanded
from infra_kit.layers.fabric.os10 import NEGATIVE, driver, place_of, rank_for_push, slot
from infra_kit.layers.fabric.scope import ETHERNET
from infra_kit.layers.fabric.tree import as_shown, parse, print_tree, shown
from infra_kit.plan.resource import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hier_config.child import HConfigChild
    from hier_config.root import HConfig

    from infra_kit.layers.fabric.intent import Intent

_STAYS = (f"no {ETHERNET}", "no interface mgmt", "no port-group")
"""What a switch has as long as its hardware has it; a port that goes, goes with its port's mode."""


_DEPENDING = (("channel-group ", "no channel-group"), ("ip address ", "no ip address"))
_BEFORE_MODES, _BEFORE_PORTS = -80, -10
"""Ranks of a push: before port modes change (-60), before ports change (0)."""


@dataclass(frozen=True, slots=True)
class Remediation:
    """What separates two configurations."""

    lines: tuple[str, ...]
    """Configuration lines in the order in which they are sent, every block left again."""
    text: str
    """Unified diff."""
    changes: tuple[Change, ...]


def managed(intent: Intent, lines: Iterable[str]) -> HConfig:
    """The managed part of a running configuration."""
    config = parse(lines, intent.scope.keeps(intent.wanted_slots, intent.login))
    for path in intent.implied:
        _imply(config, path)
    if intent.scope.manages("breakout"):
        for block in intent.defaults:
            # A group that is not shown is in its default mode.
            if config.children.get(block.opening) is None:
                config.add_child(block.opening).add_children(line.strip() for line in block.lines)
    return config


def _imply(config: HConfig, path: tuple[str, ...]) -> None:
    node: HConfig | HConfigChild = config
    for text in path[:-1]:
        found = node.children.get(text)
        if found is None:
            return
        node = found
    place = place_of(path[-2] if len(path) > 1 else "")
    if all(slot(place, child.text) != slot(place, path[-1]) for child in node.children):
        node.add_child(path[-1])


def compare(running: HConfig, wanted: HConfig) -> Remediation:
    """What to send so that `running` becomes `wanted`."""
    kept = {slot("top", child.text) for child in wanted.children}
    left = []
    for child in tuple(running.children):
        # Something is off of which nothing is wanted: taking that back would turn it on.
        if child.text.startswith(NEGATIVE) and slot("top", child.text) not in kept:
            child.delete()
        elif child.text.startswith(ETHERNET) and child.text not in kept and child.children and _only_membership(child):
            left.append(child.text)
    if left:
        # Ports out of scope lose what is ours on them and keep the rest.
        wanted = wanted.deep_copy()
        wanted.add_children(left)
    delta = change_tree(running, wanted)
    if not delta.children:
        return Remediation((), "", ())
    return Remediation(tuple(_sent(delta)), unified(running, wanted), tuple(_changes(delta, running, wanted)))


def _only_membership(port: HConfigChild) -> bool:
    return all(child.text.startswith("channel-group ") for child in port.children)


def change_tree(running: HConfig, wanted: HConfig) -> HConfig:
    """hier_config's remediation, without what no command can do, in the order of a push."""
    delta = running.config_to_get_to(wanted)
    for child in tuple(delta.children):
        if child.text.startswith(_STAYS):
            child.delete()
    rank_for_push(delta)
    _free_vanishing_ports(delta, running, wanted)
    _shrink_interconnect_first(delta, running, wanted)
    return delta


def _free_vanishing_ports(delta: HConfig, running: HConfig, wanted: HConfig) -> None:
    """A port's mode changes only while nothing depends on the port: what goes with the old mode is freed before."""
    if not any(child.text.startswith(("port-group", "interface breakout", "no interface breakout")) for child in delta.children):
        return
    for port in running.children:
        if port.text.startswith(ETHERNET) and wanted.children.get(port.text) is None:
            held = [line for start, line in _DEPENDING if any(child.text.startswith(start) for child in port.children)]
            if held:
                block = delta.add_child(port.text)
                block.add_children(held)
                block.order_weight = _BEFORE_MODES


def _shrink_interconnect_first(delta: HConfig, running: HConfig, wanted: HConfig) -> None:
    """A port leaves the VLT interconnect before it is used otherwise; one that joins is made ready before."""
    for domain in delta.children:
        old, new = (config.children.get(domain.text) for config in (running, wanted))
        if domain.text.startswith("vlt-domain") and old is not None and new is not None and _ports(new) < _ports(old):
            domain.order_weight = _BEFORE_PORTS


def _ports(domain: HConfigChild) -> set[str]:
    text = next((child.text for child in domain.children if child.text.startswith("discovery-interface ")), "")
    return set(expanded(text.removeprefix("discovery-interface ")))


def _sent(node: HConfig | HConfigChild) -> Iterator[str]:
    for text, child in shown(node):
        yield text
        yield from _sent(child)
        leaving = driver().sectional_exit(child)
        if leaving:
            yield leaving


def _changes(delta: HConfig, running: HConfig, wanted: HConfig) -> Iterator[Change]:
    """One change a top-level line or block."""
    touched = {_touched(child.text) for child in delta.children}
    before, after = ({slot("top", child.text): child for child in config.children} for config in (running, wanted))
    for key in (*before, *(key for key in after if key not in before)):
        old, new = before.get(key), after.get(key)
        if key in touched or (old and old.text in touched) or (new and new.text in touched):
            path = new or old
            if path is not None and not _same(old, new):
                yield Change(key, _printed(old), _printed(new))


def _touched(text: str) -> str:
    return slot("top", text.removeprefix("no "))


def _same(old: HConfigChild | None, new: HConfigChild | None) -> bool:
    return old is not None and new is not None and _printed(old) == _printed(new)


def _printed(child: HConfigChild | None) -> str | None:
    if child is None:
        return None
    return "\n".join([as_shown(child.text), *print_tree(child, 1)])

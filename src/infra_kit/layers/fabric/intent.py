"""What a switch is meant to be configured as, and how much of it infra-kit manages."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import InventoryError
from infra_kit.layers.fabric.facts import SwitchFacts, cabling, natural
from infra_kit.layers.fabric.os10 import NEGATIVE, place_of, rules, slot
from infra_kit.layers.fabric.rendering import render
from infra_kit.layers.fabric.scope import Scope
from infra_kit.layers.fabric.sections import sections
from infra_kit.layers.fabric.tree import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hier_config.child import HConfigChild
    from hier_config.root import HConfig

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.switch import Switch
    from infra_kit.layers.fabric.facts import Cabling


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level line, the lines under it, and the section that renders it."""

    opening: str
    lines: tuple[str, ...]
    section: str


@dataclass(frozen=True)
class Intent:
    """The wanted configuration of one switch. Secrets are markers."""

    switch: Switch
    login: str
    """The account that infra-kit logs in as: never removed."""
    blocks: tuple[Block, ...]
    scope: Scope = field(repr=False)
    defaults: tuple[Block, ...] = ()
    """Port-groups that the inventory does not name: wanted in the platform's default mode, not printed."""

    @property
    def text(self) -> str:
        """The whole configuration as a file, in the order of a real dump."""
        switch = self.switch
        head = [f"! {switch.name} ({switch.model}, service tag {switch.service_tag})"]
        if switch.scope != "device":
            head.append(f"! managed sections: {', '.join(sorted(switch.scope))}")
        return "\n".join([*head, "!", *_dump(self.blocks), ""])

    @cached_property
    def managed_lines(self) -> tuple[str, ...]:
        """The lines of the sections that are managed."""
        return tuple(
            line for block in (*self.defaults, *self.blocks) if self.scope.manages(block.section) for line in (block.opening, *block.lines)
        )

    @cached_property
    def secret_lines(self) -> tuple[str, ...]:
        """The managed lines that hold a marker."""
        return tuple(line for line in self.managed_lines if "«" in line)

    @cached_property
    def wanted(self) -> HConfig:
        """The managed part as a tree; nobody changes it."""
        return parse(self.managed_lines)

    @cached_property
    def wanted_slots(self) -> dict[str, frozenset[str]]:
        """Opening line -> the slots of its block's lines; the empty line stands for the top."""
        tree = self.wanted
        found = {child.text: frozenset(_slots(child)) for child in tree.children}
        found[""] = frozenset(slot("top", child.text) for child in tree.children)
        return found

    @cached_property
    def implied(self) -> tuple[tuple[str, ...], ...]:
        """Paths of the wanted lines that the switch may leave out of its running configuration."""
        return tuple(_implied(self.wanted))


def _slots(block: HConfigChild) -> Iterator[str]:
    for child in block.children:
        yield slot(place_of(block.text), child.text)
        yield from _slots(child)


def _implied(node: HConfig | HConfigChild) -> Iterator[tuple[str, ...]]:
    for child in node.children:
        line = f"no {child.text[len(NEGATIVE) :]}" if child.text.startswith(NEGATIVE) else child.text
        if rules().implied.match(line):
            yield tuple(child.path())
        yield from _implied(child)


def intent(site: Site, switch: Switch, cables: Cabling | None = None) -> Intent:
    """Build what the site asks of one switch.

    Args:
        site: the inventory.
        switch: one of its switches.
        cables: `cabling(site)`, when many switches are built.

    Raises:
        InventoryError: the switch's scope names a section that does not exist.
    """
    known = {section.name for section in sections()}
    unknown = set() if switch.scope == "device" else set(switch.scope) - known
    if unknown:
        raise InventoryError(
            f"scope names no section of the switch's configuration: {', '.join(sorted(unknown))}",
            where=switch.name,
            remedy=f"use `device` or some of: {', '.join(sorted(known))}",
        )
    facts = SwitchFacts(site, switch, cabling(site) if cables is None else cables)
    blocks = [block for section in sections() if (data := section.build(facts)) is not None for block in _blocks(section.name, data)]
    blocks.sort(key=_dump_key)
    owners = {block.opening: block.section for block in blocks}
    login = site.credential_by_name[switch.management.credential].user
    return Intent(switch, login, tuple(blocks), Scope.of(switch.scope, owners), tuple(_defaults(site, switch)))


def _defaults(site: Site, switch: Switch) -> Iterator[Block]:
    named = {group.group for group in switch.port_groups}
    for group in site.catalog.switches[switch.model].port_groups.value:
        if group.group not in named:
            yield Block(f"port-group {group.group}", (f" mode Eth {group.default}",), "breakout")


def _blocks(section: str, data: object) -> Iterator[Block]:
    opening, lines = "", list[str]()
    for line in render(section, data).splitlines():
        if line.startswith(" ") or _continues(opening):
            if _continues(opening):
                opening += f"\n{line}"
            else:
                lines.append(line)
            continue
        if opening:
            yield Block(opening, tuple(lines), section)
        opening, lines = line, []
    if opening:
        yield Block(opening, tuple(lines), section)


def _continues(opening: str) -> bool:
    """A banner runs to its second delimiter."""
    return opening.startswith("banner motd #") and opening.count("#") == 1


@lru_cache(maxsize=65536)
def _dump_rank(opening: str) -> int:
    return next((rank for rank, pattern in enumerate(rules().dump_order) if pattern.match(opening)), len(rules().dump_order))


def _dump_key(block: Block) -> tuple[bool, int, tuple[tuple[int, int | str], ...]]:
    ordered = natural(block.opening) if block.opening.startswith(("interface ", "port-group ")) else ()
    return bool(block.lines) or block.opening.startswith("interface vlan"), _dump_rank(block.opening), ordered


def _dump(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        if block.lines:
            yield "!"
        yield from block.opening.split("\n")
        yield from block.lines

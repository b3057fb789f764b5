"""How a line gets into the configuration: understood, checked against the rest, stored, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.lab.os10.change import Change
from infra_kit.lab.os10.conditions import check
from infra_kit.lab.os10.consequences import settle
from infra_kit.lab.os10.grammar import grammar

if TYPE_CHECKING:
    from infra_kit.lab.os10.configuration import Line
    from infra_kit.lab.os10.switch import EmulatedSwitch


def enter(switch: EmulatedSwitch, mode: str, parent: Line, line: str, *, swallow: bool = False) -> Line | None:
    """Take one configuration line.

    Args:
        switch: the switch that takes it.
        mode: the mode it is entered in.
        parent: the block that mode is in.
        line: the line.
        swallow: accept it and do nothing unless it opens a block, as a half-applied change does.

    Returns:
        The block it opens, if it opens one.

    Raises:
        RefusedLineError: the switch does not take it.
    """
    match = grammar().read(mode, line)
    change = Change(switch, mode, parent, match)
    check(change)
    opened = parent.block.get(match.slot) if match.form.enter and change.adds else None
    if opened is not None and opened.text == match.text:
        return opened
    if swallow and not match.form.enter:
        return None
    stored = switch.store(parent, match)
    settle(change)
    switch.remember()
    return stored if match.form.enter and change.adds else None

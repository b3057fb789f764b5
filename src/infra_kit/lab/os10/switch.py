"""What an emulated OS10 switch is and holds: its model, its running and its saved configuration."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infra_kit.inventory.catalog.ports import interface_speeds
from infra_kit.lab.memory import Memory
from infra_kit.lab.os10.configuration import Line, numbers_of, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.catalog.models import SwitchModel
    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.os10.grammar import Match

OS_VERSION = "10.5.5.7"
"""The release that the recorded dumps of the reference models come from (netlab's and Microsoft's S52xx-ON files)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What is printed on the chassis."""

    model: str
    service_tag: str
    management_address: str
    """Address and prefix length of mgmt1/1/1."""
    user: str


@dataclass(slots=True)
class EmulatedSwitch:
    """The state of one switch. Every change is written to its memory."""

    name: str
    model: SwitchModel
    identity: Identity
    memory: Memory
    running: Line = field(default_factory=lambda: Line(""))
    startup: list[str] = field(default_factory=list)
    changed_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of_site(cls, site: Site, name: str, user: str, state_file: Path) -> EmulatedSwitch:
        """The switch of that name in the inventory, with nothing configured yet."""
        switch = site.switch_by_name[name]
        address = switch.management.address
        length = next((each.subnet.prefixlen for each in site.networks if address in each.subnet), 24)
        identity = Identity(switch.model, switch.service_tag, f"{address}/{length}", user)
        return cls(name, site.catalog.switches[switch.model], identity, Memory(state_file))

    def recall(self) -> bool:
        """Take up the state that an earlier run left; says whether there was one."""
        state = self.memory.load()
        if state is None:
            return False
        self.running = Line.from_list(state["running"])
        self.startup = state["startup"]
        self.changed_at = datetime.fromisoformat(state["changed_at"])
        return True

    def ports(self) -> dict[str, int]:
        """The ethernet interfaces that exist now, and their speed in Gb/s."""
        groups = {line.text.split()[1]: mode for line in self.running.find("port-group ") if (mode := _mode(line.get("mode")))}
        breakouts = {line.text.split()[2]: line.text.split()[4] for line in self.running.find("interface breakout ")}
        return interface_speeds(self.model, groups, breakouts)

    def store(self, parent: Line, match: Match) -> Line | None:
        """Put the line in its place, or take it away."""
        form, slot = match.form, match.slot
        if not form.stored:
            return None
        if form.merge:
            return _merge(parent, match)
        if match.negated and not form.negative:
            held = parent.block.get(slot)
            if held is not None and held.text.startswith(match.text):
                del parent.block[slot]
            return None
        text = f"no {match.text}" if match.negated else match.text
        line = Line(text, form.rank, form.hidden and not match.negated, form.enter)
        if form.enter and slot in parent.block:
            line.block = parent.block[slot].block
        parent.block[slot] = line
        return line

    def save(self) -> None:
        """Copy the running configuration over the saved one."""
        self.startup = list(self.running.show())
        self.remember()

    def remember(self) -> None:
        """Write the state."""
        self.changed_at = datetime.now(UTC)
        self.memory.save({"running": self.running.as_list(), "startup": self.startup, "changed_at": self.changed_at.isoformat()})

    def password_hash(self, password: str) -> str:
        """What the switch keeps of a password given in clear: the shape of crypt(3) SHA-512."""
        if password.startswith("$6$"):
            return password
        digest = hashlib.sha512(f"{self.identity.service_tag}:{password}".encode()).hexdigest()
        return f"$6$rounds=656000${self.identity.service_tag}${digest[:86]}"


def _merge(parent: Line, match: Match) -> Line | None:
    """A line whose values join those already there, or leave them."""
    slot = match.slot
    held = parent.block.get(slot)
    before = held.text.removeprefix(slot).strip() if held else ""
    given = match.text.removeprefix(slot).strip()
    after = _joined(match.form.merge, before, given, negated=match.negated)
    if not after:
        parent.block.pop(slot, None)
        return None
    parent.block[slot] = Line(f"{slot} {after}", match.form.rank)
    return parent.block[slot]


def _joined(kind: str, before: str, given: str, *, negated: bool) -> str:
    if kind == "items":
        old, new = (numbers_of(text) if text else set() for text in (before, given))
        return text_of(old - new if negated and new else set() if negated else old | new)
    old_words, new_words = before.split(), given.split()
    if negated:
        return " ".join(word for word in old_words if new_words and word not in new_words)
    return " ".join(dict.fromkeys([*old_words, *new_words]))


def _mode(text: str | None) -> str | None:
    return text.split()[-1] if text else None

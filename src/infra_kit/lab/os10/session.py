"""One command-line session: modes, prompts, multi-line banners, and what each line does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.lab.os10.configuration import Line
from infra_kit.lab.os10.entry import enter
from infra_kit.lab.os10.grammar import UNRECOGNIZED, RefusedLineError, grammar
from infra_kit.lab.os10.shows import show

if TYPE_CHECKING:
    from infra_kit.lab.faults import Events, Faults
    from infra_kit.lab.os10.switch import EmulatedSwitch

_INTERFACE = re.compile(
    r"^((?:no |default )?)int[a-z]*\s+(range\s+)?(ethernet|eth|vlan|port-channel|loopback|mgmt)\s*(?=\d)", re.IGNORECASE
)
_SAVE = re.compile(r"copy\s+running-config(uration)?\s+startup-config(uration)?$|write( memory)?$|wr( mem)?$")
_CONFIGURE = re.compile(r"conf(i(g(u(re?)?)?)?)?(\s+t(e(r(m(i(n(al?)?)?)?)?)?)?)?$")
_QUIET = re.compile(r"(terminal (length|width) \d+|enable|disable|commit|discard)$")
_QUIET_INSIDE = re.compile(r"(commit|discard)$")


@dataclass(slots=True)
class Context:
    """One mode the session is in, and the blocks its lines go to (several with `interface range`)."""

    mode: str
    blocks: list[Line]


class Session:
    """A session of one switch.

    Args:
        switch: the switch.
        faults: its misbehaviour; none for a console.
        events: what it remembers; none for a console.
    """

    def __init__(self, switch: EmulatedSwitch, faults: Faults | None = None, events: Events | None = None) -> None:
        """In exec mode."""
        self._switch = switch
        self._faults = faults
        self._events = events
        self._contexts: list[Context] = []
        self._banner: list[str] | None = None
        self.closed = False

    @property
    def prompt(self) -> str:
        """What the switch waits with; nothing in the middle of a banner."""
        if self._banner is not None:
            return ""
        name = (self._switch.running.get("hostname") or "hostname OS10").split()[1]
        if not self._contexts:
            return f"{name}# "
        context = self._contexts[-1]
        words = context.blocks[0].text.split() or [""]
        short = re.sub(r"^(ethernet|vlan|port-channel|loopback|mgmt)", lambda kind: "eth" if kind[1] == "ethernet" else "", words[-1])
        inside = grammar().prompts[context.mode].format(words[0], short, words[-1])
        return f"{name}({inside})# "

    def answer(self, line: str) -> str:
        """What the switch prints for a line, without the prompt."""
        if self._banner is not None:
            return self._in_banner(line)
        line = line.strip()
        if not line or line.startswith("!"):
            return ""
        if self._faults is not None and self._faults.server_errors > 0:
            self._faults.server_errors -= 1
            return "% Error: Internal error."
        try:
            return self._in_configuration(line) if self._contexts else self._in_exec(line)
        except RefusedLineError as refusal:
            return str(refusal)

    @property
    def configuring(self) -> bool:
        """Whether the session is in configuration mode."""
        return bool(self._contexts)

    def _remember(self, verb: str, what: str) -> None:
        if self._events is not None:
            self._events.add(verb, what)

    def _in_exec(self, line: str) -> str:
        if line.split(maxsplit=1)[0] in ("exit", "logout", "quit"):
            self.closed = True
            return ""
        if _CONFIGURE.match(line):
            self._remember("configure", line)
            self._contexts = [Context("configure", [self._switch.running])]
            return ""
        if _SAVE.match(line):
            self._remember("save", line)
            self._switch.save()
            return ""
        if re.match(r"sh(o(w)?)?\s", line):
            self._remember("show", line)
            return show(self._switch, line.split(None, 1)[1])
        if _QUIET.match(line) or line == "end":
            return ""
        raise RefusedLineError(UNRECOGNIZED)

    def _in_configuration(self, line: str) -> str:
        if line in ("end", "\x1a"):
            self._contexts = []
            return ""
        if line == "exit":
            self._contexts.pop()
            return ""
        if line.startswith("do "):
            kept, self._contexts = self._contexts, []
            try:
                return self._in_exec(line[3:].strip())
            finally:
                self._contexts = kept
        if _QUIET_INSIDE.match(line):
            return ""
        self._remember("line", line)
        if line.startswith("banner motd ") and not _whole_banner(line):
            self._banner = [line]
            return ""
        return self._configure(_INTERFACE.sub(_joined, line))

    def _in_banner(self, line: str) -> str:
        assert self._banner is not None
        self._remember("line", line)
        self._banner.append(line)
        delimiter = self._banner[0].split(None, 2)[2][:1]
        if delimiter not in line:
            return ""
        text, self._banner = "\n".join(self._banner), None
        opened = self._contexts[0]
        # Stored as it was typed: a banner's spaces are its own.
        form = grammar().read("configure", "banner motd x").form
        opened.blocks[0].block["banner motd"] = Line(text, form.rank)
        self._switch.remember()
        return ""

    def _configure(self, line: str) -> str:
        """The innermost mode that knows the line takes it; a line of an outer mode leaves the inner ones, as on the device."""
        if line.startswith("interface range "):
            return self._range(line)
        head = line.removeprefix("no ").split()[0]
        exact = [head in grammar().heads[context.mode] for context in self._contexts]
        for depth in range(len(self._contexts), 0, -1):
            # A word that an outer mode knows in full is not the inner mode's abbreviation (`router` is not `router-id`).
            if any(exact) and not exact[depth - 1]:
                continue
            try:
                opened = self._enter(self._contexts[depth - 1], line)
            except RefusedLineError as refusal:
                if str(refusal) != UNRECOGNIZED:
                    raise
                continue
            del self._contexts[depth:]
            if opened:
                self._contexts.append(Context(opened[0].mode, opened))
            return ""
        raise RefusedLineError(UNRECOGNIZED)

    def _enter(self, context: Context, line: str) -> list[Line]:
        grammar().read(context.mode, line)
        swallow = self._faults is not None and self._faults.half_apply
        opened = [enter(self._switch, context.mode, block, line, swallow=swallow) for block in context.blocks]
        if swallow and self._faults is not None and not any(opened):
            self._faults.half_apply = False
        return [each for each in opened if each is not None]

    def _range(self, line: str) -> str:
        kind, ports = re.match(r"interface range (ethernet|vlan|port-channel)(\S+)", line, re.IGNORECASE).groups()  # type: ignore[union-attr]
        blocks: list[Line] = []
        for name in _names(kind.lower(), ports):
            block = enter(self._switch, "configure", self._switch.running, f"interface {name}")
            if block is not None:
                blocks.append(block)
        del self._contexts[1:]
        self._contexts.append(Context(kind.lower(), blocks))
        return ""


def _joined(match: re.Match[str]) -> str:
    """`Int Ethernet 1/1/1` as `interface ethernet1/1/1`."""
    kind = match[3].lower()
    return f"{match[1]}interface {'range ' if match[2] else ''}{'ethernet' if kind == 'eth' else kind}"


def _whole_banner(line: str) -> bool:
    text = line.split(None, 2)[2]
    return len(text) > 1 and text[0] in text[1:]


def _names(kind: str, ports: str) -> list[str]:
    """`1/1/1-1/1/4,1/1/7` as interface names."""
    names: list[str] = []
    for part in re.sub(r"[a-z]+", "", ports).split(","):
        first, _, last = part.partition("-")
        stem, _, low = first.rpartition("/")
        high = last.rpartition("/")[2] or low
        if ":" in first:
            names.append(f"{kind}{first}")
            continue
        names.extend(f"{kind}{stem}/{number}" if stem else f"{kind}{number}" for number in range(int(low), int(high) + 1))
    return names

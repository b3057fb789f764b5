"""Changes of a switch behind infra-kit's back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from infra_kit.lab.os10.session import Session

if TYPE_CHECKING:
    from infra_kit.lab.os10.switch import EmulatedSwitch


def tamper(switch: EmulatedSwitch, change: dict[str, Any]) -> None:
    """Change the switch as somebody with a console, or with another switch to swap in, would.

    Args:
        switch: the switch.
        change: `{"lines": [...]}` configuration lines, entered as at a console; `{"save": true}` saves afterwards;
            `{"service_tag": "..."}` or `{"model": "..."}` makes it another chassis.

    Raises:
        ValueError: the switch refuses a line, or the change names nothing known.
    """
    unknown = set(change) - {"lines", "save", "service_tag", "model"}
    if unknown:
        msg = f"no such change: {', '.join(sorted(unknown))} (known: lines, save, service_tag, model)"
        raise ValueError(msg)
    console = Session(switch)
    console.answer("configure terminal")
    for line in change.get("lines", []):
        reply = console.answer(line)
        if reply.startswith("%"):
            msg = f"{line}: {reply}"
            raise ValueError(msg)
    if "model" in change or "service_tag" in change:
        own = switch.identity
        switch.identity = replace(own, model=change.get("model", own.model), service_tag=change.get("service_tag", own.service_tag))
    if change.get("save"):
        switch.save()

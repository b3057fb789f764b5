"""What a switch answers about itself: which one it is, what it runs, what it would start with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import IdentityError, RefusedError

if TYPE_CHECKING:
    from infra_kit.inventory.models.switch import Switch
    from infra_kit.layers.fabric.client import SwitchReader

_PLATFORM = re.compile(r"<sw-platform>\s*([^<]*?)\s*</sw-platform>")
_TAG = re.compile(r"<service-tag>\s*([^<]*?)\s*</service-tag>")


@dataclass(frozen=True, slots=True)
class SwitchState:
    """The switch's own text; it holds secrets and never leaves the process."""

    running: list[str]
    startup: list[str]

    @property
    def saved(self) -> bool:
        """Whether a reload would bring back what runs."""
        return _significant(self.running) == _significant(self.startup)


def _significant(lines: list[str]) -> list[str]:
    return [line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith("!")]


def read_state(reader: SwitchReader, switch: Switch) -> SwitchState:
    """Read the switch after making sure that it is the one of the inventory.

    Raises:
        IdentityError: another model or service tag.
        DeviceError: it does not answer as a switch does.
    """
    check_identity(reader, switch)
    running = reader.show("running-configuration").splitlines()
    if not any(line.startswith(("hostname", "interface ")) for line in running):
        raise RefusedError(switch.name, "`show running-configuration` gave no configuration", remedy="look at the switch's console")
    return SwitchState(running, reader.show("startup-configuration").splitlines())


def check_identity(reader: SwitchReader, switch: Switch) -> None:
    """Compare model and service tag with the inventory.

    Raises:
        IdentityError: they differ.
    """
    model = _one(reader, "version | display-xml", _PLATFORM, "model")
    tag = _one(reader, "system | display-xml", _TAG, "service tag")
    for what, found, wanted in (("model", model, switch.model), ("service tag", tag, switch.service_tag)):
        if found != wanted:
            raise IdentityError(
                switch.name,
                f"this is another switch: {what} {found}, the inventory says {wanted}",
                remedy="check the address and the cabling, or correct the inventory",
            )


def _one(reader: SwitchReader, what: str, pattern: re.Pattern[str], name: str) -> str:
    match = pattern.search(reader.show(what))
    if match is None:
        raise RefusedError(reader.device, f"`show {what}` names no {name}", remedy="look at the switch's console")
    return match[1]

"""What a running lab has, held against what the inventory says by now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.lab.devices import MIRROR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_kit.lab.devices import LabDevice


@dataclass(frozen=True, slots=True)
class Difference:
    """Names of devices, each in the order in which it was found."""

    added: tuple[str, ...]
    """In the inventory, not in the lab."""
    removed: tuple[str, ...]
    """In the lab, not in the inventory."""
    changed: tuple[str, ...]
    """In both, as another model or kind of device."""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        """Such as `added worker04; removed worker01, worker02`."""
        parts = {"added": self.added, "removed": self.removed, "changed": self.changed}
        return "; ".join(f"{what} {', '.join(names)}" for what, names in parts.items() if names)


def compare(running: Iterable[dict[str, Any]], wanted: Iterable[LabDevice]) -> Difference:
    """What has to happen to the lab.

    Args:
        running: the devices of the running lab, as its control call lists them.
        wanted: the devices that the inventory says.
    """
    has = {each["name"]: (each["protocol"], each["model"]) for each in running if each["name"] != MIRROR.name}
    should = {each.name: (each.protocol, each.model) for each in wanted}
    return Difference(
        added=tuple(name for name in should if name not in has),
        removed=tuple(name for name in has if name not in should),
        changed=tuple(name for name, form in should.items() if has.get(name, form) != form),
    )

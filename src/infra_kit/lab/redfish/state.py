"""What one emulated iDRAC and its server remember; everything here survives a restart of the lab."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from infra_kit.lab.redfish.attributes import factory_values

if TYPE_CHECKING:
    from infra_kit.inventory.models.server import Server, ServerProfile


@dataclass(slots=True)
class Boot:
    """Boot order and the override for the next boots."""

    order: list[str]
    disabled: list[str] = field(default_factory=list)
    """Options that are switched off."""
    override_enabled: str = "Disabled"
    override_target: str = "None"
    uefi_target: str | None = None


@dataclass(slots=True)
class State:
    """One server as its BMC sees it."""

    model: str
    service_tag: str
    bios: dict[str, str | int]
    boot: Boot
    power: str = "On"
    power_wanted: str = ""
    """Where a power transition under way leads; empty when none is."""
    power_due: float = 0.0
    """When it is over, seconds since the epoch."""
    restart: bool = False
    """The transition to Off goes on to On."""
    pending: dict[str, str | int] = field(default_factory=dict)
    pending_order: list[str] = field(default_factory=list)
    pending_disabled: list[str] | None = None
    defaults_at_boot: bool = False
    strict_dependencies: bool = False
    """Firmware that judges read-only attributes by the values in effect only, not by what the request sets too."""
    operating_system: bool = False
    """One is installed, and runs whenever the server is on and no job holds up its boot."""
    idrac: dict[str, str | int] = field(default_factory=dict)
    """The iDRAC's own attributes that have been changed."""
    jobs: list[dict[str, Any]] = field(default_factory=list)
    log: list[dict[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For the state file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, held: dict[str, Any]) -> State:
        """From the state file."""
        return cls(**{**held, "boot": Boot(**held["boot"])})


def factory_fresh(server: Server, profile: ServerProfile) -> State:
    """A server as it comes: switched on, BIOS defaults, network before disk."""
    return State(
        model=f"PowerEdge {profile.model}",
        service_tag=server.service_tag,
        bios=factory_values(f"PowerEdge {profile.model}", server.service_tag, profile.processors.model),
        boot=Boot(order=["Boot0002", "Boot0003", "Boot0004"]),
    )

"""What a BMC tells, in the form that the layer works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

UNFINISHED = frozenset({"New", "Scheduled", "Scheduling", "Running", "Starting", "Waiting", "Downloading", "ReadyForExecution"})
WAITING = frozenset({"New", "Scheduled", "Scheduling", "ReadyForExecution"})


@dataclass(frozen=True, slots=True)
class ServerState:
    """The server as its BMC describes it."""

    model: str
    service_tag: str
    power: str
    boot_order: tuple[str, ...]
    boot_progress: str = ""
    """How far it has booted (Redfish BootProgress.LastState); empty where the firmware does not say."""


@dataclass(frozen=True, slots=True)
class BiosState:
    """BIOS attributes in effect, and those that wait for a reset."""

    attributes: Mapping[str, str | int]
    pending: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class BootOption:
    """One boot option of the server."""

    reference: str
    name: str
    path: str
    alias: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the BMC."""

    id: str
    state: str
    message: str

    @property
    def waits(self) -> bool:
        """It has not begun: it waits for a reset."""
        return self.state in WAITING


def text(source: Mapping[str, Any], name: str) -> str:
    """A text that must be there.

    Raises:
        ValueError: it is not.
    """
    value = source.get(name)
    if not isinstance(value, str):
        msg = f"{name} is {value!r}"
        raise ValueError(msg)  # noqa: TRY004  becomes the DeviceError of an answer of the wrong form
    return value


def values(attributes: Any) -> dict[str, str | int]:
    """BIOS attributes that must be there.

    Raises:
        ValueError: they are not.
    """
    if not isinstance(attributes, dict):
        msg = f"Attributes is {type(attributes).__name__}"
        raise ValueError(msg)  # noqa: TRY004  the same
    return attributes


def job_of(member: Mapping[str, Any]) -> Job:
    """A job from its resource."""
    return Job(str(member.get("Id", "")), str(member.get("JobState", "")), str(member.get("Message", "")))

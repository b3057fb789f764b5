"""The one exception tree, and the exit codes its classes end a command with.

A message says what happened, where (device, file:line), and what to do next; no traceback reaches a user.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator


class ExitCode(IntEnum):
    """What a command's exit status means; the contract of the design, section 4."""

    OK = 0
    ERROR = 1
    CHANGES = 2
    STALE = 3
    LOCKED = 4
    PARTIAL = 5
    USAGE = 64
    INVENTORY = 65


class InfraKitError(Exception):
    """Base of everything infra-kit raises on purpose.

    Args:
        what: what went wrong, in one sentence, with the other side's own words where there are any.
        where: device, file:line or resource id; empty where the sentence already says it.
        remedy: what the reader does next.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.ERROR

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        """Keep the three parts apart, so that text and JSON can show each in its place."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        """One line: where, what, remedy."""
        place = f"{self.where}: " if self.where else ""
        advice = f" ({self.remedy})" if self.remedy else ""
        return f"{place}{self.what}{advice}"


class UsageError(InfraKitError):
    """The command line asks for something that does not exist or does not go together."""

    exit_code = ExitCode.USAGE


class InventoryError(InfraKitError):
    """The inventory has errors; the findings say which."""

    exit_code = ExitCode.INVENTORY


class SecretError(InfraKitError):
    """A secret reference does not resolve. Never carries the secret."""


class AccessError(InfraKitError):
    """The site may not be reached the way it was asked for: no running lab, no such device, a live site without consent."""


class LabError(InfraKitError):
    """The lab cannot be started, found, asked or ended."""


class StateError(InfraKitError):
    """The state folder or its database cannot be read or written; nothing has been sent to any device."""


class LockedError(InfraKitError):
    """Another run holds the site's lock."""

    exit_code = ExitCode.LOCKED


class StalePlanError(InfraKitError):
    """What the plan was made from has moved; names the resources."""

    exit_code = ExitCode.STALE


class DeviceError(InfraKitError):
    """A device did not do what was asked.

    Args:
        device: the device's name in the inventory.
        what: operation and answer, the device's own words included.
        remedy: what the reader does next.
    """

    def __init__(self, device: str, what: str, *, remedy: str = "") -> None:
        """`where` is the device."""
        super().__init__(what, where=device, remedy=remedy)
        self.device = device


class UnreachableError(DeviceError):
    """No connection, or it broke, or it timed out."""


class NoEndpointError(DeviceError):
    """The endpoints overlay does not say where the device is reached; its own address is not used instead."""


class NoSecretError(DeviceError):
    """The secret that logs in to the device does not resolve. Nothing has been sent to it."""


class AuthenticationError(DeviceError):
    """The device refused the login. Never retried more than twice: BMCs lock accounts."""


class TrustError(DeviceError):
    """The certificate or the host key is not the one that the inventory trusts."""


class NoAnchorError(TrustError):
    """There is nothing yet to trust the device by: what makes the device makes that, too. Nothing has been sent."""


class RefusedError(DeviceError):
    """The device understood and refused: unknown attribute, bad value, duplicate object, unknown command."""


class IdentityError(DeviceError):
    """The device is not the one the inventory describes (model, service tag); it is never touched."""


class VerificationError(DeviceError):
    """After a change the device, read again, is not as intended."""


class NotReadyError(DeviceError):
    """What was applied is not ready in time (names the pod and its last event), or what was removed not gone (names the finalizer)."""


class HalfDoneError(DeviceError):
    """A change stopped after some of it was made: the device is neither as it was nor as intended."""


class ProgramError(InfraKitError):
    """A stack's program failed, or took too long, before anything was sent."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception, then what it came from, down to the first; each once, for one that is raised again may lead back to itself."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__

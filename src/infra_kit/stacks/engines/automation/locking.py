"""Why Pulumi's state cannot be used: who holds its lock, whose passphrase it has."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.access import KUBERNETES
from infra_kit.inventory.errors import RefusedError

if TYPE_CHECKING:
    from infra_kit.inventory.errors import DeviceError

_LOCKED = "is currently locked by"
_HOLDER = re.compile(r"created by (?P<user>[^@\s]+)@(?P<host>\S+) \(pid (?P<pid>\d+)\)(?: at (?P<when>\S+))?")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds the lock, or held it when it died."""

    user: str
    host: str
    pid: int
    when: str

    @property
    def dead(self) -> bool:
        """Whether it was a process of this very machine, and is no more."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


def holder(failure: str) -> Holder | None:
    """Who holds it, by what Pulumi said; None where it said nothing of a lock."""
    if _LOCKED not in failure:
        return None
    found = _HOLDER.search(failure)
    if found is None:
        return Holder("somebody", "another machine", 0, "")
    return Holder(found["user"], found["host"], int(found["pid"]), found["when"] or "")


def refusal(stack: str, held_by: Holder) -> DeviceError:
    """What is said where it is not broken."""
    since = f" since {held_by.when}" if held_by.when else ""
    who = f"{held_by.user}@{held_by.host}, process {held_by.pid}{since}"
    if held_by.dead:
        return RefusedError(
            KUBERNETES,
            f"the Pulumi state of stack {stack} is locked by a process that is no more ({who})",
            remedy="`infra-kit apply --resume` takes the lock over",
        )
    return RefusedError(KUBERNETES, f"the Pulumi state of stack {stack} is locked by {who}", remedy="wait until it has ended")


def unusable(stack: str, failure: str) -> DeviceError:
    """What is said where Pulumi cannot begin at all.

    Args:
        stack: whose state.
        failure: what Pulumi said.
    """
    if "incorrect passphrase" in failure:
        return RefusedError(
            KUBERNETES,
            f"the passphrase is not the one that the Pulumi state of stack {stack} was encrypted with",
            remedy="give `kubernetes.pulumi.passphrase` the value that it had when the stack was made",
        )
    return RefusedError(KUBERNETES, f"Pulumi can do nothing with stack {stack}: {failure}", remedy="mend what Pulumi says, then plan again")

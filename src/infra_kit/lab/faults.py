"""What an emulated device can be told to do wrong, and what it remembers of what was asked of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class FaultSet:
    """Misbehaviour of one kind of device, set by name."""

    def update(self, values: dict[str, Any]) -> None:
        """Set the named faults.

        Raises:
            ValueError: a name that is no fault.
        """
        known = {entry.name for entry in fields(self)}
        for name, value in values.items():
            if name not in known:
                msg = f"no such fault: {name} (known: {', '.join(sorted(known))})"
                raise ValueError(msg)
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """All faults, for the control call's answer."""
        return asdict(self)


@dataclass(slots=True)
class Faults(FaultSet):
    """What an emulated device can be told to do. Counters go down as they are used up; all at rest by default."""

    latency_s: float = 0.0
    """Added before every answer (HTTP) or every command's output (SSH)."""
    server_errors: int = 0
    """The next N requests are answered 503 (HTTP), or `% Error: Internal error.` (SSH)."""
    refuse_logins: int = 0
    """The next N logins are refused, right password or not."""
    drop_after_changes: int | None = None
    """After that many further changes (writes, configuration lines) the connection is cut without an answer, once."""
    stuck_jobs: bool = False
    """Jobs (BMC) never finish."""
    half_apply: bool = False
    """The next change is accepted and only half of it takes effect, once."""
    unreachable: bool = False
    """New connections are closed at once."""


@dataclass(slots=True)
class ControlPlaneFaults(FaultSet):
    """What a real API server can be made to suffer."""

    stopped: bool = False
    """The API server is frozen (SIGSTOP): connections are taken and never answered."""
    unreachable: bool = False
    """The API server is killed (SIGKILL): connections are refused. It is started again, at the same port, where this is set back."""


@dataclass(slots=True)
class HostFaults(FaultSet):
    """What a real host can be made to suffer."""

    unreachable: bool = False
    """Its cables are pulled: connections that are open hear nothing more, new ones are closed at once."""
    stopped: bool = False
    """Every process of it is frozen: connections are taken and never answered."""
    powered_off: bool = False
    """Its power is taken away; it starts again where this is set back. Also so where it has switched itself off."""


@dataclass(slots=True)
class ApiFaults(FaultSet):
    """What the way to the API servers of a cluster of real hosts can be made to suffer; the servers are the hosts' matter."""

    unreachable: bool = False
    """New connections are closed at once."""


@dataclass(slots=True)
class MirrorFaults(FaultSet):
    """What the packages and images that hosts install from can be made to suffer."""

    unreachable: bool = False
    """Connections are closed without an answer: a download that has begun is whole, the next one is none."""
    server_errors: int = 0
    """The next N requests are answered 503."""
    latency_s: float = 0.0
    """Added before every answer."""


@dataclass(slots=True)
class Events:
    """What a device was asked, in order; the proof that `drift` writes nothing reads it."""

    entries: list[tuple[str, str]] = field(default_factory=list)

    def add(self, verb: str, what: str) -> None:
        """One request: verb is the HTTP method, `login-refused` on a BMC too, or `login`, `show`, `configure`, `line`, `save` on SSH."""
        self.entries.append((verb, what))

    def clear(self) -> None:
        """Forget them."""
        self.entries.clear()

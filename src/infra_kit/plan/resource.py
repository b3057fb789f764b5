"""The unit of a plan: something on a device that can be read, compared, changed and verified."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.connections import Connections

Action = Literal["create", "update", "delete", "none", "unknown"]
Disruption = Literal["none", "reload", "reboot", "recreate"]
OutcomeKind = Literal["done", "staged"]

POOL = "pool:"
"""How the name of a rolling group begins whose members do not stand in for each other."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a device answered: JSON-able, free of secrets, in a canonical form so that equal states have equal digests."""

    state: Any

    @property
    def digest(self) -> str:
        """`sha256:` over the canonical JSON of the state."""
        text = json.dumps(self.state, sort_keys=True, separators=(",", ":"), default=str)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Unknown:
    """The state could not be read. Never equal to a default, never compliant."""

    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; `before` is None where it does not exist yet, `after` None where it goes."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Diff:
    """What would be done to one resource, and why."""

    action: Action
    reason: str = ""
    changes: Sequence[Change] = ()
    text: str | None = None
    """A unified diff where the device's language is text."""
    disruption: Disruption = "none"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an apply did: `done`, or `staged` (waits for a reset that the operator has not allowed).

    `record` is kept in the journal for a resource that was created, and given back to `Layer.leftovers` when the
    resource has left the inventory: whatever the layer needs to remove it. JSON-able, no secret.
    """

    kind: OutcomeKind = "done"
    message: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What reading needs. `connections` hands out read-only clients unless the context is a RunContext."""

    site: Site
    connections: Connections


def never() -> bool:
    """Not interrupted: what a run without anybody to interrupt it says."""
    return False


@dataclass(frozen=True, slots=True)
class RunContext(ReadContext):
    """What a change needs beside: consent, and where its backups go."""

    folder: Path
    """The run's own folder (mode 0700): backups, rendered files, logs."""
    allow_reboot: bool = False
    allow_wipe: frozenset[str] = frozenset()
    resumed: bool = False
    """True when a killed or failed run is taken up again: an earlier attempt may have half happened."""
    interrupted: Callable[[], bool] = never
    """Whether the run was told to stop: whoever waits for a device looks, and raises `interruption.WaitInterruptedError`."""


class Resource(Protocol):
    """Something that a plan can hold. Implementations are immutable and cheap to make; only read/apply/verify touch a device."""

    @property
    def id(self) -> str:
        """`layer/kind/name`, unique in a site."""
        ...

    @property
    def device(self) -> str:
        """The device it is on; operations on one device never overlap."""
        ...

    @property
    def depends_on(self) -> frozenset[str]:
        """Ids that must be in place first. Ids that are not in the plan are ignored."""
        ...

    @property
    def groups(self) -> frozenset[str]:
        """Rolling groups: members are changed one at a time (across devices), and none after one has failed.

        Nor after one that could not be read at all (the peer of a silent switch is left alone), unless the group's name
        begins with `pool:`: of a pool, such as the workers, a dead member does not hold up the others.
        """
        ...

    def read(self, context: ReadContext) -> Observed | Unknown:
        """Read the device. DeviceErrors are turned into Unknown by the caller; anything else is a bug."""
        ...

    def diff(self, observed: Observed) -> Diff:
        """Compare with the intention. Pure."""
        ...

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Make it so. Safe to repeat after a kill at any point. Raises DeviceError."""
        ...

    def verify(self, context: RunContext) -> None:
        """Read again; raise VerificationError unless the device is now as intended (or staged)."""
        ...


@dataclass(frozen=True, slots=True)
class Created:
    """A resource that an earlier run created, as the journal remembers it.

    `record` is that of the apply's Outcome; empty where the run was killed between the change and its entry in the journal.
    """

    id: str
    record: Mapping[str, Any]


class Layer(Protocol):
    """One layer: turns the site into resources and files."""

    name: str
    after: tuple[str, ...]
    """Layers that come before this one."""
    concurrency: int
    """How many of its devices are talked to at once."""

    def resources(self, site: Site) -> Sequence[Resource]:
        """The resources the site asks for."""
        ...

    def leftovers(self, site: Site, created: Sequence[Created]) -> Sequence[Resource]:
        """Resources whose diff is `delete`, for those of `created` (all of this layer, none still in the inventory)."""
        ...

    def render(self, site: Site) -> Mapping[str, str]:
        """Everything its devices would get, as files: relative path -> text. No secrets: references stand in their place."""
        ...

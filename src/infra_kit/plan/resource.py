"""The unit of a plan: something on a device that can be read, compared, changed and verified."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
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
    waiting: str = field(default="", compare=False)
    """Why it is not ready yet, in the device's words, where it is as intended but for that. No part of the state: it changes by itself."""
    remark: str = field(default="", compare=False)
    """How it is known, where that is worth saying, such as by which earlier run. No part of the state either."""

    @property
    def digest(self) -> str:
        """`sha256:` over the canonical JSON of the state."""
        text = json.dumps(self.state, sort_keys=True, separators=(",", ":"), default=str)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Unknown:
    """The state could not be read. Never equal to a default, never compliant."""

    reason: str
    away: bool = False
    """Nothing answered at all: the device may not be there yet."""


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
    full: bool = field(default=False, kw_only=True)
    """Look at everything, also where a cheap look found what an earlier run left."""


def never() -> bool:
    """Not interrupted: what a run without anybody to interrupt it says."""
    return False


def unheard(_resource: str, _text: str) -> None:
    """Progress that nobody is shown."""


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
    take: tuple[str, ...] = ()
    """Id globs of resources whose fields may be taken from whoever holds them, though infra-kit never set them before."""
    force: bool = False
    """Whether what others put into something that goes may go with it, such as foreign objects in a namespace."""
    progress: Callable[[str, str], None] = unheard
    """Told a resource's id and what it waits for, such as "1 of 2 replicas are available". As often as one likes: it is throttled."""

    def takes(self, resource: str) -> bool:
        """Whether `take` names the resource of that id."""
        return any(fnmatchcase(resource, glob) for glob in self.take)


class Resource(Protocol):
    """Something that a plan can hold. Implementations are immutable and cheap to make; only read/apply/verify touch a device.

    It may have the properties `scope`, `heading` and `company` beside, and `await_ready` (see `ScopedResource`, `HeadedResource`,
    `company.GatheredResource`, `AwaitedResource`).
    """

    @property
    def id(self) -> str:
        """`layer/kind/name`, unique in a site."""
        ...

    @property
    def device(self) -> str:
        """The device it is on; operations on one device never overlap.

        A device that takes many at once has parts, `DEVICE/PART`, each of which counts as one here; a reader is told of `DEVICE`.
        """
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


class ScopedResource(Resource, Protocol):
    """A resource that belongs to a part of the site which is changed by itself."""

    @property
    def scope(self) -> str:
        """`workspaces/NAME`; empty for the whole site, as for a resource without this property.

        A run whose resources are all of one scope locks that scope alone.
        """
        ...


class HeadedResource(Resource, Protocol):
    """A resource that a reader looks for elsewhere than under its device, such as a Kubernetes object."""

    @property
    def heading(self) -> str:
        """Under which heading of its layer a plan shows it: `workspaces.fraud: hub`."""
        ...


class AwaitedResource(Resource, Protocol):
    """A resource that is made ready by its device, some time after it was applied."""

    def await_ready(self, context: RunContext) -> None:
        """Wait, as `apply` does, until what an earlier run applied is ready. Changes nothing.

        Raises:
            NotReadyError: not in time, or never.
            WaitInterruptedError: the run was told to stop.
            DeviceError: the device cannot be asked.
        """
        ...


def can_be_awaited(resource: Resource) -> bool:
    """Whether it is an `AwaitedResource`."""
    return callable(getattr(resource, "await_ready", None))


def heading_of(resource: Resource) -> str:
    """Under which heading of its layer a plan shows the resource: its own, else its device as a person names it.

    Of `kubernetes/Deployment/fraud/mlflow`, a part that nobody else changes meanwhile, that is `kubernetes`.
    """
    return str(getattr(resource, "heading", "") or resource.device.partition("/")[0])


def scope_of(resource: Resource) -> str:
    """The resource's scope; empty: the whole site."""
    return str(getattr(resource, "scope", ""))


@dataclass(frozen=True, slots=True)
class Created:
    """A resource that an earlier run created, as the journal or the devices themselves remember it.

    `record` is that of the apply's Outcome; empty where the run was killed between the change and its entry in the journal.
    """

    id: str
    record: Mapping[str, Any]

    scope: str = ""
    """Its scope; where none is given, that of the stack that the record names (as `stacks.stack.Stack.scope` has it)."""

    def __post_init__(self) -> None:
        """Find the scope."""
        _, _, parameter = str(self.record.get("stack") or "").partition(".")
        if parameter and not self.scope:
            object.__setattr__(self, "scope", f"{self.id.partition('/')[0]}/{parameter}")


class Layer(Protocol):
    """One layer: turns the site into resources and files. It may be a `RememberingLayer` and a `ScopedLayer` beside."""

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


class RememberingLayer(Layer, Protocol):
    """A layer whose devices themselves remember what infra-kit created on them."""

    def remembered(self, context: ReadContext) -> Sequence[Created]:
        """What the devices remember, all of this layer. A DeviceError is noted in the plan and does not fail it."""
        ...


class MadeLayer(Layer, Protocol):
    """A layer whose device is itself made by an earlier layer, such as a cluster by the layer of its hosts."""

    made_by: str
    """The name of that layer."""


class ScopedLayer(Layer, Protocol):
    """A layer that can be asked for some scopes alone, and is then faster."""

    def resources_of(self, site: Site, scopes: frozenset[str]) -> Sequence[Resource]:
        """Those of `resources` whose scope is one of these."""
        ...

"""An object of a stack as a plan's resource: read, compared, applied and verified by its stack's engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.access import KUBERNETES
from infra_kit.inventory.errors import RefusedError, VerificationError
from infra_kit.plan.resource import Change, Diff, Observed, Outcome
from infra_kit.stacks.comparison import difference

if TYPE_CHECKING:
    from infra_kit.plan.resource import ReadContext, RunContext
    from infra_kit.stacks.engines.engine import Engine
    from infra_kit.stacks.stack import ObjectKey, Stack, StackObject

_HOLD_DATA = frozenset({"PersistentVolume", "PersistentVolumeClaim", "Namespace", "CustomResourceDefinition", "StatefulSet"})
"""Kinds that data may go with: with a claim its volume, with a definition every object of the kind, with a set its order of volumes."""

Opening = Callable[["Stack", "ReadContext"], "Engine"]
"""Gives a stack's engine in a run."""


def device_of(key: ObjectKey) -> str:
    """The part of the cluster that nobody else changes meanwhile: the one object.

    A plan keeps operations on one device apart. An API server takes many at once, so each object is a part of the device `kubernetes`;
    one that two layers both manage is still the same part.
    """
    return f"{KUBERNETES}/{key.path}"


@dataclass(frozen=True, slots=True)
class StackResource:
    """An object that a stack's program asks for."""

    stack: Stack
    item: StackObject
    opening: Opening = field(repr=False, compare=False)
    groups: frozenset[str] = frozenset()

    id: str = field(init=False)
    """`layer/Kind/namespace/name`. It and the device are asked for a dozen times in a plan: worked out once."""
    device: str = field(init=False)
    """The object's own part of the cluster."""

    def __post_init__(self) -> None:
        """Work out what it is called."""
        object.__setattr__(self, "id", self.stack.resource_id(self.item.key))
        object.__setattr__(self, "device", device_of(self.item.key))

    @property
    def scope(self) -> str:
        """The stack's."""
        return self.stack.scope

    @property
    def heading(self) -> str:
        """The stack and the component: `workspaces.fraud: hub`."""
        within = self.item.component[-1] if self.item.component else ""
        part = within.removeprefix(f"{self.stack.parameter}-") if self.stack.parameter else within
        return f"{self.stack.name}: {part}" if part else self.stack.name

    @property
    def depends_on(self) -> frozenset[str]:
        """Objects of the same stack."""
        return frozenset(self.stack.resource_id(key) for key in self.item.depends_on)

    def read(self, context: ReadContext) -> Observed:
        """What applying it would come to."""
        state = dict(self.opening(self.stack, context).read(self.item, context))
        # How far the cluster has come with it is no part of what makes a plan stale.
        return Observed(state, waiting=str(state.pop("waiting", "")))

    def diff(self, observed: Observed) -> Diff:
        """As the engine found it."""
        return difference(observed.state, self.id)

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Apply it and wait until it is ready.

        Raises:
            RefusedError: it would have to be made anew, data may go with it, and nobody has consented; or the API server refuses.
            DeviceError: it could not be done.
        """
        if diff.disruption == "recreate" and self.item.key.kind in _HOLD_DATA and self.id not in context.allow_wipe:
            raise RefusedError(
                KUBERNETES,
                f"{self.id} would have to be deleted and made anew, and its data may go with it: {diff.reason}",
                remedy=f"give `--allow-wipe {self.id}` if that is meant, or take the inventory back to what the cluster has",
            )
        engine = self.opening(self.stack, context)
        outcome = engine.apply(self.item, observed.state, diff, context)
        return replace(outcome, record={**self._record(engine), **outcome.record})

    def await_ready(self, context: RunContext) -> None:
        """Wait until it is ready, as after an apply.

        Raises:
            NotReadyError: not in time, or never; names the pod and its last event.
            DeviceError: the cluster cannot be asked.
        """
        self.opening(self.stack, context).await_ready(self.item, context)

    def _record(self, engine: Engine) -> dict[str, Any]:
        """What its removal will need one day."""
        return {
            "stack": self.stack.name,
            "engine": engine.name,
            "api_version": self.item.manifest["apiVersion"],
            "kind": self.item.key.kind,
            "depends_on": sorted(self.depends_on),
        }

    def verify(self, context: RunContext) -> None:
        """Look again.

        Raises:
            VerificationError: it is not as intended.
        """
        self.opening(self.stack, context).verify(self.item, context)


@dataclass(frozen=True, slots=True)
class StackLeftover:
    """An object that infra-kit made and no program asks for any more."""

    stack: Stack
    key: ObjectKey
    record: dict[str, Any]
    depends_on: frozenset[str]
    opening: Opening = field(repr=False, compare=False)
    groups: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The id that it had while a program asked for it."""
        return self.stack.resource_id(self.key)

    @property
    def device(self) -> str:
        """The object's own part of the cluster."""
        return device_of(self.key)

    @property
    def scope(self) -> str:
        """The stack's."""
        return self.stack.scope

    @property
    def heading(self) -> str:
        """The stack: a component that is gone has no name any more."""
        return self.stack.name

    def read(self, context: ReadContext) -> Observed:
        """What removing it would come to."""
        return Observed(dict(self.opening(self.stack, context).read_leftover(self.key, self.record, context)))

    def diff(self, observed: Observed) -> Diff:
        """Gone, left alone, or to go."""
        found = difference(observed.state, self.id)
        if found.action != "delete":
            return found
        reason = found.reason or "was made by infra-kit, and nothing asks for it any more"
        return replace(found, reason=reason, changes=found.changes or [Change(self.key.kind, self.key.name, None)])

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Remove it and wait until it is gone.

        Raises:
            RefusedError: it is not infra-kit's, or others have something in it.
            NotReadyError: it does not go away.
        """
        del observed, diff
        return self.opening(self.stack, context).remove(self.key, self.record, context)

    def verify(self, context: RunContext) -> None:
        """Look again.

        Raises:
            VerificationError: it is still there.
        """
        left = self.diff(self.read(context))
        if left.action == "delete":
            raise VerificationError(KUBERNETES, f"{self.id} was removed, but is still there", remedy="plan again")

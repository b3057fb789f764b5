"""What an engine does with one object of a stack; the layers' resources are the same over both engines.

An engine compares while it reads, because only the API server knows what an apply would come to. What it found is a plain
dictionary, the `state` of the plan's `Observed`, so that the difference can be told from it without asking again:

    {"present": bool,            whether the object is there
     "version": str,             digest over what infra-kit manages of it (no secret, no resourceVersion, no status)
     "action": "create" | "update" | "replace" | "delete" | "none",
     "reason": str,              why, in a sentence, with the API server's own words
     "changes": [{"path": "spec.replicas", "before": ..., "after": ..., "manager": "kubectl" | "", "held": "ours" | "never-ours" | ""}],
     "note": str,                what could not be checked, such as an object whose namespace does not exist yet
     "waiting": str}             of an object that is as intended: why it is not ready yet; may be left out where it is ready

A secret's value never stands in a change: `before` and `after` then say `(secret)`, `(secret, differs)` or None.
`held` says whose field it is that another manager holds: `ours` when infra-kit set it before (it will be taken back), `never-ours`
when it did not (refused, unless `--take` names the object).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_kit.plan.resource import Created, Diff, Outcome, ReadContext, RunContext
    from infra_kit.stacks.stack import Evaluated, ObjectKey, Stack, StackObject

EngineName = Literal["server-side", "automation"]


class Engine(Protocol):
    """Carries out one stack. Made for one run and one stack; asked from many threads."""

    name: EngineName

    def read(self, item: StackObject, context: ReadContext) -> Mapping[str, Any]:
        """What applying it would come to: the state described above.

        Raises:
            DeviceError: the cluster cannot be asked, or refuses the object; in the API server's own words.
        """
        ...

    def apply(self, item: StackObject, state: Mapping[str, Any], diff: Diff, context: RunContext) -> Outcome:
        """Make it so and wait until it is ready.

        Raises:
            RefusedError: the API server (schema, quota, admission, immutable field) or infra-kit itself (another manager's field) refuses.
            UnreachableError: no answer.
            NotReadyError: applied, but not ready in time: names the pod and its last event.
        """
        ...

    def await_ready(self, item: StackObject, context: RunContext) -> None:
        """Wait, as `apply` does, until an object that is as intended is ready.

        Raises:
            NotReadyError: not in time; names the pod and its last event.
            DeviceError: it is not there, or the cluster cannot be asked.
        """
        ...

    def verify(self, item: StackObject, context: RunContext) -> None:
        """Look again.

        Raises:
            VerificationError: the cluster does not have it as intended.
        """
        ...

    def read_leftover(self, key: ObjectKey, record: Mapping[str, Any], context: ReadContext) -> Mapping[str, Any]:
        """What removing an object that has left the program would come to: `action` is `delete` or `none`."""
        ...

    def remove(self, key: ObjectKey, record: Mapping[str, Any], context: RunContext) -> Outcome:
        """Remove it and wait until it is gone.

        Raises:
            RefusedError: it is not infra-kit's, or it is a namespace with foreign objects and there is no `--force`.
            NotReadyError: it does not go away; names the finalizer that holds it.
        """
        ...

    def created(self, context: ReadContext) -> Sequence[Created]:
        """What the cluster itself remembers that infra-kit created for this stack."""
        ...


class EngineOpening(Protocol):
    """How an engine is made for a stack."""

    def __call__(self, stack: Stack, program: Evaluated | None, context: ReadContext) -> Engine:
        """The engine; `program` is None where the stack has left the inventory."""
        ...

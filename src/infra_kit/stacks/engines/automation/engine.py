"""The engine over Pulumi: the API server's dry runs say what an object needs, Pulumi keeps the state and makes it so.

Both are asked. The API server knows what an apply would come to, whose field it is and what it refuses; Pulumi's preview knows what its
state has and which changes mean a replacement. Where the API server says that nothing would change, nothing is to be done, however
Pulumi would write the same value.

Pulumi works on a stack as a whole, a plan on one object after another. So there is one `up` in a run, in which each object is held at a
gate until the plan's step for it comes: consent, order and failures are the plan's.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from infra_kit.inventory.access import KUBERNETES
from infra_kit.inventory.errors import InfraKitError, NoSecretError, RefusedError, UnreachableError
from infra_kit.plan.resource import RunContext
from infra_kit.stacks.engines.automation.hands import Hands
from infra_kit.stacks.engines.automation.locking import unusable
from infra_kit.stacks.engines.automation.shielding import shielded, unshielded
from infra_kit.stacks.engines.automation.text import require_sendable
from infra_kit.stacks.engines.automation.verdict import merged
from infra_kit.stacks.engines.server_side import existing
from infra_kit.stacks.engines.server_side.engine import ServerSideEngine
from infra_kit.stacks.engines.server_side.secrets import unspoken
from infra_kit.stacks.stack import FIELD_MANAGER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_kit.inventory.access import Access
    from infra_kit.plan.resource import Created, Diff, Outcome, ReadContext
    from infra_kit.stacks.engines.automation.findings import Member, Name, Preview
    from infra_kit.stacks.engines.automation.shielding import Entries
    from infra_kit.stacks.engines.engine import EngineName
    from infra_kit.stacks.engines.server_side import removal
    from infra_kit.stacks.engines.server_side.applying import Applying
    from infra_kit.stacks.engines.server_side.look import Look, Object
    from infra_kit.stacks.kubernetes_api.client import KubernetesWriter
    from infra_kit.stacks.stack import Evaluated, ObjectKey, Stack, StackObject

_FORCE = "pulumi.com/patchForce"
_AWAY = ("connection refused", "unreachable", "i/o timeout", "connection reset", "no route to host", "EOF")
"""What Go's network says, which is all that Pulumi passes on."""


class _Found:
    """What was found of a stack: the changes of a run need no second preview."""

    def __init__(self) -> None:
        self.preview: Preview | None = None
        self.error: InfraKitError | None = None
        self.members: Mapping[ObjectKey, Member] = {}
        self.pending: set[Name] = set()


_guard = threading.Lock()
_planned: WeakKeyDictionary[Access, dict[str, _Found]] = WeakKeyDictionary()


def _found(stack: Stack, context: ReadContext) -> _Found:
    """For who changes things what was found when that was planned, by whoever has the same access; else nothing yet."""
    with _guard:
        planned = _planned.setdefault(context.connections.access, {})
        if stack.name not in planned or not isinstance(context, RunContext):
            planned[stack.name] = _Found()
        return planned[stack.name]


class AutomationEngine(ServerSideEngine):
    """Carries out one stack by Pulumi. For one run, and for many threads.

    Args:
        stack: the stack.
        program: what its program asks for; None where the stack has left the inventory.
        context: the run.
    """

    name: EngineName = "automation"
    _annotations = MappingProxyType(
        {
            "pulumi.com/patchFieldManager": FIELD_MANAGER,
            "pulumi.com/skipAwait": "true",  # infra-kit itself waits, says what for, and can be interrupted
        }
    )

    def __init__(self, stack: Stack, program: Evaluated | None, context: ReadContext) -> None:
        """Nothing is started yet."""
        super().__init__(stack, program)
        resume = isinstance(context, RunContext) and context.resumed
        self._hands = Hands(
            stack,
            self._objects,
            context,
            lambda: [self._as_intended(item, context) for item in self._objects],
            has_program=program is not None,
            resume=resume,
        )
        self._previewing = threading.Lock()
        self._found = _found(stack, context)
        self._done: set[Name] = set()
        """What Pulumi has changed since the preview."""

    def read(self, item: StackObject, context: ReadContext) -> Mapping[str, Any]:
        """What applying it would come to: by the API server's dry run and Pulumi's preview."""
        preview = self._preview()
        name = item.type, item.logical_name
        state = super().read(item, context)
        if name not in self._done:
            state = merged(state, preview, name, in_state=item.key in self._found.members)
        if state["action"] == "none":
            self._found.pending.discard(name)
            if isinstance(context, RunContext):
                self._hands.let_pass(name, self._question(item, context).writer.wanted(item, None).manifest)
        else:
            require_sendable(item.key, item.manifest)
            self._found.pending.add(name)
        return state

    def apply(self, item: StackObject, state: Mapping[str, Any], diff: Diff, context: RunContext) -> Outcome:
        """Have Pulumi apply it, and wait until it is ready."""
        outcome = super().apply(item, state, diff, context)
        return type(outcome)(outcome.kind, outcome.message, {**outcome.record, "engine": self.name})

    def verify(self, item: StackObject, context: RunContext) -> None:
        """Look whether it is as intended; who holds what is the provider's to say, which leaves out what is zero."""
        question = self._question(item, context)
        live = question.fetch()
        if live is not None:
            with unspoken(context.connections.access):
                look = existing.look(question, live)
            if look.action == "none" or (look.action == "update" and not look.state["changes"]):
                return
        super().verify(item, context)

    def remove(self, key: ObjectKey, record: Mapping[str, Any], context: RunContext) -> Outcome:
        """Have Pulumi delete it, and wait until it is gone."""
        outcome = super().remove(key, record, context)
        self._hands.remove(key)  # what stays on the cluster, or was gone already, leaves Pulumi's state all the same
        return outcome

    def created(self, context: ReadContext) -> Sequence[Created]:
        """What the cluster itself remembers that infra-kit created for this stack."""
        found = super().created(context)
        return [type(each)(each.id, {**each.record, "engine": self.name}) for each in found]

    def close(self) -> None:
        """End Pulumi."""
        self._hands.close()

    def _deletion(self, key: ObjectKey, client: KubernetesWriter) -> removal.Deletion:
        def delete(live: Mapping[str, Any]) -> bool:
            try:
                return self._hands.remove(key)
            except RefusedError:
                now = client.get(str(live["apiVersion"]), key.kind, key.namespace, key.name)
                if now is not None and not now["metadata"].get("deletionTimestamp"):
                    raise
                return True  # Pulumi has only not waited until it is gone

        return delete

    def _carry_out(self, applying: Applying, look: Look) -> Object:
        item = applying.question.item
        name = item.type, item.logical_name
        applying.require_consent(look)
        anew = look.action == "replace" or self._replaces(name)
        if anew:
            applying.make_room(look)
            look = replace(look, live=None, held=())
        force = bool(look.held)
        manifest = look.wanted.manifest if look.action == "none" else applying.manifest(look, force=force)
        kept = look.live is not None and not item.patch and self._rename(applying, look.live, shielded(look.live))
        try:
            self._hands.apply(name, _forced(manifest) if force else manifest, lambda: self._found.pending - {name}, fresh=anew)
        except RefusedError as error:
            raise _told(error) from error
        finally:
            live = applying.question.fetch() if kept else None
            if live is not None:
                self._rename(applying, live, unshielded(live))
        self._done.add(name)
        self._found.pending.discard(name)
        return self._afterwards(applying, forced=force)

    def _afterwards(self, applying: Applying, *, forced: bool) -> Object:
        """The object as it is now, without what was only for the moment."""
        live = applying.question.fetch()
        key = applying.question.item.key
        if live is None:
            raise RefusedError(KUBERNETES, f"{key.path} is not on the cluster, though Pulumi says it is done", remedy="plan again")
        if not forced:
            return live
        body = {"metadata": {"annotations": {_FORCE: None}}}
        return applying.client.patch(live["apiVersion"], live["kind"], key.namespace, key.name, body, manager=FIELD_MANAGER)

    def _rename(self, applying: Applying, live: Object, managers: Entries | None) -> bool:
        """Give managers other names, unless the object has changed meanwhile; whether there was anything to rename."""
        if managers is None:
            return False
        metadata = live["metadata"]
        body = {"metadata": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"], "managedFields": managers}}
        applying.client.patch(
            live["apiVersion"], live["kind"], metadata.get("namespace") or "", metadata["name"], body, manager=FIELD_MANAGER
        )
        return True

    def _replaces(self, name: Name) -> bool:
        step = self._found.preview.steps.get(name) if self._found.preview and name not in self._done else None
        return step is not None and step.replaces

    def _preview(self) -> Preview:
        """Of the whole stack, once."""
        with self._previewing:
            found = self._found
            if found.error is not None:
                raise found.error
            if found.preview is None:
                try:
                    found.members = self._hands.members()
                    found.preview = self._hands.preview()
                    if found.preview.error and not (found.preview.steps or found.preview.errors):
                        raise unusable(self._stack.name, found.preview.error)
                except InfraKitError as error:
                    found.error = error  # a program that does not start is not started for each object
                    raise
            self._hands.components = found.preview.components
            return found.preview

    def _as_intended(self, item: StackObject, context: ReadContext) -> dict[str, Any]:
        writer = self._question(item, context).writer
        try:
            manifest: Mapping[str, Any] = writer.wanted(item, None).manifest
        except NoSecretError:
            manifest = item.manifest  # who reads that very object is told
        member = self._found.members.get(item.key)
        metadata = manifest["metadata"]
        annotations = {**(metadata.get("annotations") or {}), **(member.annotations if member else {})}
        return {
            "type": item.type,
            "name": item.logical_name,
            "manifest": {**manifest, "metadata": {**metadata, "annotations": annotations}},
        }


def _forced(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """With leave to take fields from others: those that were found held, and are infra-kit's or were consented to."""
    metadata = manifest["metadata"]
    return {**manifest, "metadata": {**metadata, "annotations": {**metadata["annotations"], _FORCE: "true"}}}


def _told(error: RefusedError) -> RefusedError | UnreachableError:
    if any(words in error.what for words in _AWAY):
        return UnreachableError(error.device, error.what, remedy=error.remedy)
    return error


def open_engine(stack: Stack, program: Evaluated | None, context: ReadContext) -> AutomationEngine:
    """The engine over Pulumi for a stack.

    Raises:
        RefusedError: the provider's program is not found, or the inventory names no passphrase.
        NoSecretError: the passphrase or the cluster's token does not resolve.
        StateError: the folder of Pulumi's state cannot be made.
    """
    return AutomationEngine(stack, program, context)

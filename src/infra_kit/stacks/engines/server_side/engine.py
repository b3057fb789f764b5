"""The embedded engine: each object by server-side apply, planned by the server's own dry runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.access import KUBERNETES
from infra_kit.inventory.errors import VerificationError
from infra_kit.plan.resource import Outcome, RunContext
from infra_kit.stacks.engines.server_side import creation, existing, removal
from infra_kit.stacks.engines.server_side.alike import Alike
from infra_kit.stacks.engines.server_side.applying import Applying
from infra_kit.stacks.engines.server_side.applyset import STACK_LABEL, ApplySet
from infra_kit.stacks.engines.server_side.desired import Writer
from infra_kit.stacks.engines.server_side.look import Look, Object, Question
from infra_kit.stacks.engines.server_side.program import Scaling, kinds_made
from infra_kit.stacks.engines.server_side.secrets import unspoken
from infra_kit.stacks.engines.server_side.snapshot import Snapshot
from infra_kit.stacks.kubernetes_api import clients
from infra_kit.stacks.kubernetes_api.readiness import state_of
from infra_kit.stacks.kubernetes_api.state import Ready
from infra_kit.stacks.kubernetes_api.waiting import wait_ready

if TYPE_CHECKING:
    from infra_kit.plan.resource import Created, Diff, ReadContext
    from infra_kit.stacks.engines.engine import EngineName
    from infra_kit.stacks.kubernetes_api.client import KubernetesWriter
    from infra_kit.stacks.stack import Evaluated, ObjectKey, Stack, StackObject

_FRESH_S = 300.0
"""For so long the server's judgement of a creation, by a dry run, is not asked for again: the creation itself is judged as well."""
_JUST_NOW_S = 2.0
"""For so long the server's answer to an apply, which is the object as stored, counts as having looked again."""


@dataclass(frozen=True, slots=True)
class _Creation:
    """What a plan found out about an object that is to be created; not the object, which may hold secrets."""

    state: Mapping[str, Any]
    fields: str
    at: float


class ServerSideEngine:
    """Carries out one stack. For one run, and for many threads.

    Args:
        stack: the stack.
        program: what its program asks for; None where the stack has left the inventory.
    """

    name: EngineName = "server-side"
    _annotations: Mapping[str, str] = MappingProxyType({})
    """What each object carries for the engine's own sake."""

    def __init__(self, stack: Stack, program: Evaluated | None) -> None:
        """Nothing is asked yet."""
        self._stack = stack
        self._objects = program.objects if program else ()
        self._set = ApplySet(stack.name)
        self._kinds = kinds_made(self._objects)
        self._scaling = Scaling(self._objects)
        members = [each.key for each in self._objects if not each.patch]
        self._covers = {(key.group, key.kind) for key in members}, {key.namespace for key in members}
        """Kinds and namespaces of the stack's own objects."""
        self._snapshot = Snapshot(
            f"{STACK_LABEL}={stack.name}", ((str(each.manifest["apiVersion"]), each.key) for each in self._objects if not each.patch)
        )
        self._alike = Alike()
        self._guard = threading.Lock()
        self._leaving: set[ObjectKey] = set()
        """What has been found to be removed and is not yet."""
        self._looks: dict[ObjectKey, Look] = {}
        self.creations: dict[ObjectKey, _Creation] = {}
        """What it has planned, for the engine that carries it out."""
        self._applied: dict[ObjectKey, tuple[float, Object]] = {}

    def follow(self, earlier: object) -> None:
        """Carry out what an earlier engine of the same stack has planned: the server need not judge each creation once more."""
        if isinstance(earlier, ServerSideEngine):
            self.creations = dict(earlier.creations)

    def read(self, item: StackObject, context: ReadContext) -> Mapping[str, Any]:
        """What applying it would come to: the first time by one LIST of its kind, later by asking for the object alone."""
        question = self._question(item, context)
        with unspoken(context.connections.access):
            look = self._look(question)
        if isinstance(context, RunContext):
            if look.action != "none":
                self._looks[item.key] = look
        elif look.action == "create" and look.fields is not None:
            self.creations[item.key] = _Creation(look.state, look.fields, look.at)
        return {**look.state, "waiting": self._waits_for(look, question)}

    def apply(self, item: StackObject, state: Mapping[str, Any], diff: Diff, context: RunContext) -> Outcome:
        """Apply it and wait until it is ready."""
        del state, diff  # the look that they come from says more
        client = clients.writer(context)
        self._set.ensure(client, *self._covers, self.name, patches=[each.key for each in self._objects if each.patch])
        question = self._question(item, context)
        with unspoken(context.connections.access):
            look = self._looks.pop(item.key, None) or self._look(question)
            live = self._carry_out(Applying(client, question, self._id(item.key), context), look)
        record = removal.record_of(self._stack.name, live, patch=item.patch, retain=item.retain)
        self._applied[item.key] = time.monotonic(), self._wait(item, live, context)
        return Outcome(record=record)

    def await_ready(self, item: StackObject, context: RunContext) -> None:
        """Wait until it is ready, as after an apply."""
        live = self._question(item, context).fetch()
        if live is None:
            raise VerificationError(KUBERNETES, f"{item.key.path} is not on the cluster any more", remedy="plan again")
        self._wait(item, live, context)

    def verify(self, item: StackObject, context: RunContext) -> None:
        """Look whether it is as intended."""
        question = self._question(item, context)
        at, live = self._applied.pop(item.key, (float("-inf"), None))
        with unspoken(context.connections.access):
            if live is None or time.monotonic() - at > _JUST_NOW_S:
                live = question.fetch()
            if live is None:
                raise VerificationError(KUBERNETES, f"{item.key.path} was applied, but is not on the cluster", remedy="plan again")
            look = existing.look(question, live)
        if look.action != "none":
            fields = "; ".join(f"{each['path']} is {each['before']!r}, wanted {each['after']!r}" for each in look.state["changes"])
            raise VerificationError(
                KUBERNETES, f"{item.key.path} was applied, but is not as intended: {fields or look.state['reason']}", remedy="plan again"
            )

    def read_leftover(self, key: ObjectKey, record: Mapping[str, Any], context: ReadContext) -> Mapping[str, Any]:
        """What removing an object that has left the program would come to."""
        state = removal.read_leftover(clients.reader(context), self._set, key, record)
        if state["action"] == "delete":
            self._leaving.add(key)
        return state

    def remove(self, key: ObjectKey, record: Mapping[str, Any], context: RunContext) -> Outcome:
        """Remove it and wait until it is gone."""
        client = clients.writer(context)
        waiting = removal.Waiting(progress=self._progress(key, context), interrupted=context.interrupted)
        outcome = removal.remove(client, self._set, key, record, force=context.force, waiting=waiting, delete=self._deletion(key, client))
        with self._guard:
            self._leaving.discard(key)
            last = not self._leaving
        if last:
            # It lists all members: once, after the last, not after each.
            self._set.shrink(client, self.name)
        return outcome

    def created(self, context: ReadContext) -> Sequence[Created]:
        """What the cluster itself remembers that infra-kit created for this stack."""
        return removal.created(clients.reader(context), self._set, self._stack.layer)

    def _wait(self, item: StackObject, live: Object, context: RunContext) -> Object:
        """Wait until an object is ready; gives it as it is then. What others made is theirs to wait for."""
        if item.patch:
            return live
        progress = self._progress(item.key, context)
        client = clients.writer(context)
        return dict(wait_ready(client, live, within_s=item.ready_within_s, progress=progress, interrupted=context.interrupted))

    def _waits_for(self, look: Look, question: Question) -> str:
        """Why an object that is as intended is not ready, as far as that can be told from itself; empty where it is."""
        if look.action != "none" or look.live is None or question.item.patch:
            return ""
        state = state_of(look.live, first_consumer=self._snapshot.binds_late(question.client, look.live))
        return "" if isinstance(state, Ready) else state.why

    def _carry_out(self, applying: Applying, look: Look) -> Object:
        """Make it so; gives the object as it is stored."""
        return applying.carry_out(look)

    def _deletion(self, _key: ObjectKey, _client: KubernetesWriter) -> removal.Deletion | None:
        """Who deletes an object that leaves; None: the client itself."""
        return None

    def _look(self, question: Question) -> Look:
        item = question.item
        recent = self._looks.get(item.key)
        if recent is not None and recent.action == "create" and recent.fields is not None and time.monotonic() - recent.at < _FRESH_S:
            return recent
        api_version, key = str(item.manifest["apiVersion"]), item.key
        known, live = self._snapshot.take(question.client, api_version, key)
        if live is None and known:
            planned = self.creations.get(key)
            if planned and time.monotonic() - planned.at < _FRESH_S and self._snapshot.is_free(question.client, api_version, key):
                return Look(planned.state, question.writer.wanted(item, None), planned.fields, at=planned.at)
            no_namespace = bool(key.namespace) and not self._snapshot.has_namespace(question.client, key.namespace)
            return creation.look(question, certain=False, no_namespace=no_namespace)
        if live is None:
            live = question.fetch()
        return creation.look(question, certain=True) if live is None else existing.look(question, live)

    def _question(self, item: StackObject, context: ReadContext) -> Question:
        client = clients.reader(context)
        writer = Writer(
            stack=self._stack.name,
            labels=self._set.labels(),
            device=KUBERNETES,
            access=context.connections.access,
            scaled=lambda live: self._scaling.scales(client, live),
            annotations=self._annotations,
        )
        return Question(client, writer, item, expected=(item.key.group, item.key.kind) in self._kinds, alike=self._alike)

    def _id(self, key: ObjectKey) -> str:
        return f"{self._stack.layer}/{key.path}"

    def _progress(self, key: ObjectKey, context: RunContext) -> Callable[[str], None]:
        return lambda text: context.progress(self._id(key), text)


def open_engine(stack: Stack, program: Evaluated | None, context: ReadContext) -> ServerSideEngine:
    """The embedded engine for a stack."""
    del context
    return ServerSideEngine(stack, program)

"""Pulumi at work on one stack: previews of the whole, one `up` in which each object waits for its step, removals of chosen objects."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.access import KUBERNETES
from infra_kit.inventory.errors import DeviceError, RefusedError
from infra_kit.stacks.engines.automation import idle, locking, targets
from infra_kit.stacks.engines.automation.findings import Member, Name, Preview, Step, Up, member, merged, name_in, one_line, told
from infra_kit.stacks.engines.automation.place import environment, place_of
from infra_kit.stacks.programs.evaluation import source_digest
from infra_kit.stacks.programs.exchange import SiteStamp, stack_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from infra_kit.plan.resource import ReadContext
    from infra_kit.stacks.engines.automation.child import Child
    from infra_kit.stacks.stack import ObjectKey, Stack, StackObject

_OPEN_S = 180.0
_PREVIEW_S = 300.0
_UP_S = 120.0
_STUCK_S = 20.0
"""A released object that Pulumi does not come to for so long, while it says nothing, may wait for one that nobody releases."""
_TRIES = 3
"""For an object that Pulumi did not come to, because its run ended or waited for another that nobody releases."""
_GATHER_S = 0.3
"""Removals that come within so short a time are one."""


class Hands:
    """Pulumi's process for one stack in one run. For many threads.

    Args:
        stack: which.
        objects: what its program asks for; none where the stack has left the inventory.
        context: the run.
        intended: all objects, each with `type`, `name` and `manifest`, as it is to be where nothing else is agreed.
        has_program: whether the stack is in the inventory.
        resume: whether the lock of a dead process is broken.
    """

    def __init__(  # noqa: PLR0913  what, for whom, how
        self,
        stack: Stack,
        objects: Sequence[StackObject],
        context: ReadContext,
        intended: Callable[[], Sequence[Mapping[str, Any]]],
        *,
        has_program: bool,
        resume: bool,
    ) -> None:
        """Nothing is started yet."""
        self._intended = intended
        self._stack, self._context, self._has_program, self._resume = stack, context, has_program, resume
        self._names = {(each.type, each.logical_name): each.key for each in objects}
        self._turn = threading.Lock()
        """Held by whoever starts or ends something."""
        self._condition = threading.Condition()
        self._child: Child | None = None
        self._members: dict[ObjectKey, Member] | None = None
        """What is in the stack's state, as far as it has been asked for."""
        self._refused: dict[str, str] = {}
        """URN -> why it could not be removed."""
        self._steps: list[dict[str, Any]] = []
        self._said: dict[str, list[str]] = {}
        self._components: set[str] = set()
        self._finished: set[Name] = set()
        """What Pulumi has made so: it is not waited for again."""
        self._up = Up(frozenset())
        self._removing, self._kept = set[str](), set[str]()
        """What Pulumi is to delete, by URN; what it cannot delete yet, and which is deleted without it."""
        self.components: frozenset[str] = frozenset()
        """URNs of what only groups objects, as a preview found them."""
        self.place = place_of(stack, context)
        site = asdict(SiteStamp.of(context.site)) if has_program else None
        self._start = {"place": self.place.document(), "site": site, "stack": stack_document(stack), "program": source_digest(stack)}

    # Asking

    def members(self) -> Mapping[ObjectKey, Member]:
        """What is in the stack's state.

        Raises:
            DeviceError: it cannot be opened.
        """
        with self._turn:
            return self._known()

    def preview(self) -> Preview:
        """What Pulumi would do, refreshed from the cluster.

        Raises:
            DeviceError: Pulumi cannot be asked at all, or the state is locked.
        """
        with self._turn:
            self._steps, self._said = [], {}
            failure = self._order({"do": "preview", "objects": self._intended()}, f"preview of stack {self._stack.name}", _PREVIEW_S)
            found = Preview(error=told(failure), components=frozenset(self._components))
            names: dict[str, Name] = {}
            for each in self._steps:
                name = each["type"], each["name"]
                names[each["urn"]] = name
                if each["op"] not in {"refresh", "read"} and each["moment"] == "before":
                    found.steps[name] = merged(found.steps.get(name), Step(each["op"], each["replaces"], tuple(each["fields"])))
            for urn, texts in self._said.items():
                if urn and (name := names.get(urn) or name_in(urn)) in self._names:
                    found.errors[name] = "; ".join(texts)
            return found

    # Changing

    def apply(self, name: Name, manifest: Mapping[str, Any], others: Callable[[], Iterable[Name]], *, fresh: bool = False) -> None:
        """Have Pulumi make one object so.

        Args:
            name: which.
            manifest: how it is to be, secrets in it.
            others: gives the objects whose turn may come in the same run of Pulumi.
            fresh: not in a run of Pulumi that has already looked at the object.

        Raises:
            RefusedError: the API server, or Pulumi, refuses; in their own words.
            DeviceError: Pulumi ended.
        """
        for _ in range(_TRIES):
            up = self._session(name, others, fresh=fresh)
            child = self._child
            assert child is not None
            child.stand_for()
            child.send({"release": list(name), "manifest": manifest})
            if self._wait(up, name):
                return
            others, fresh = tuple if up.stuck else others, False
        raise RefusedError(KUBERNETES, f"Pulumi did not come to `{name[1]}`: it needs an object that this run leaves out")

    def let_pass(self, name: Name, manifest: Mapping[str, Any]) -> None:
        """An object turned out to need nothing: it is not waited for."""
        with self._condition:
            waited_for = not self._up.ended and name in self._up.held - self._up.released
            if waited_for:
                self._up.released.add(name)
        if waited_for and self._child is not None:
            self._child.send({"release": list(name), "manifest": manifest})

    def remove(self, key: ObjectKey) -> bool:
        """Have Pulumi delete one object that is in its state, with whatever else is removed at the same moment.

        Returns:
            Whether Pulumi has deleted it: False where it is not in the state, or something that stays hangs on it there.

        Raises:
            RefusedError: Pulumi, or the API server, refuses.
            DeviceError: Pulumi ended.
        """
        member = self.members().get(key)
        if member is None:
            return False
        with self._condition:
            self._removing.add(member.urn)
        time.sleep(_GATHER_S)
        with self._turn:
            with self._condition:
                asked, self._removing = self._removing, set()
            urns = targets.of_removal(asked, self._known()) if asked else frozenset()
            self._kept = (self._kept - urns) | (asked - urns)
            if urns:
                self._steps, self._said = [], {}
                failure = self._order({"do": "destroy", "targets": sorted(urns)}, f"removal from stack {self._stack.name}", _UP_S)
                words = told(failure) or "it is still in Pulumi's state"
                left = {each.urn for each in self._known().values()}
                self._refused |= {urn: "; ".join(self._said.get(urn) or [words]) for urn in urns if urn in left}
            against = self._refused.pop(member.urn, "")
            kept = member.urn in self._kept
        if against:
            raise RefusedError(KUBERNETES, f"{key.path}: {against}")
        return not kept

    def close(self) -> None:
        """End what Pulumi does, in good order."""
        with self._turn:
            child, self._child = self._child, None
            if child is None:
                return
            try:
                if child.alive:
                    self._end_up(child)
            except DeviceError:
                child.close()  # it has been killed
                return
            if child.alive:
                idle.give_back(self._start, child)
            else:
                child.close()

    # One `up`

    def _session(self, name: Name, others: Callable[[], Iterable[Name]], *, fresh: bool) -> Up:
        """The `up` that an object is carried out in: the one under way, or a new one."""
        with self._turn:
            with self._condition:
                up = self._up
                fits = not (up.ended or up.closed or up.stuck or fresh) and name in up.held and name not in up.released
                if fits:
                    up.released.add(name)
                    return up
            self._end_up()
            up = Up(frozenset({name, *(set(others()) - self._finished)}))
            up.released.add(name)
            self._up = up
            self._said = {}
            child = self._started()
            aims = targets.of_up(self.place, up.held, self.components)
            child.send({"do": "up", "objects": self._intended(), "targets": aims, "held": [list(each) for each in up.held]})
            up.begun = True
            return up

    def _end_up(self, child: Child | None = None) -> None:
        """Let the `up` under way end: objects that nobody has released stay as they are."""
        up, child = self._up, child or self._child
        if up.begun and not up.closed and child is not None:
            with self._condition:
                # Pulumi gives up what it has not begun when its program ends early.
                while not up.ended and up.released - up.outcomes.keys() and child.silent_s < _STUCK_S:
                    self._condition.wait(0.5)
            up.closed = True
            child.send({"do": "close"})
            child.stand_for()
            answer = child.answer(f"Pulumi's run on stack {self._stack.name}", _UP_S)
            self._take(answer)

    def _wait(self, up: Up, name: Name) -> bool:
        """Wait for an object's outcome; False where another run of Pulumi has to be made for it.

        Raises:
            RefusedError: it was refused, or the state is locked.
            DeviceError: Pulumi was silent for too long.
        """
        child = self._child
        assert child is not None
        with self._condition:
            while name not in up.outcomes and not up.ended and child.silent_s < _UP_S:
                if up.asked and up.held - up.released and child.silent_s > _STUCK_S:
                    up.stuck = True
                    return False
                self._condition.wait(0.5)
            outcome = up.outcomes.get(name)
        if outcome == "done":
            return True
        if outcome is None and not up.ended:
            child.kill()
            self._resume = True  # the lock that it leaves is ours
            raise DeviceError(KUBERNETES, f"Pulumi said nothing for {_UP_S:g} s and was ended", remedy="`infra-kit apply --resume` goes on")
        holder = locking.holder(up.failure)
        if holder is not None:
            self._break_lock(holder)
            return False
        if outcome is None and (up.closed or not up.failure):
            return False
        words = self._words_against(name) or told(up.failure) or "Pulumi does not say why"
        raise RefusedError(KUBERNETES, f"{self._names[name].path}: {words}")

    def _break_lock(self, holder: locking.Holder) -> None:
        if not (self._resume and holder.dead):
            raise locking.refusal(self._stack.name, holder)
        with self._turn:
            self._order({"do": "cancel"}, "breaking the lock", _OPEN_S)

    def _words_against(self, name: Name) -> str:
        for urn, texts in list(self._said.items()):
            if urn and name_in(urn) == name:
                return "; ".join(texts)
        return ""

    # The process

    def _started(self) -> Child:
        if self._child is not None and self._child.alive:
            return self._child
        if self._child is not None:
            self._child.close()
        self._intended()  # from here on it is known what of our environment is a secret
        child, new = idle.take(self._start, environment(self._context), self._hear)
        self._child = child
        failure = str(child.answer(f"opening stack {self._stack.name}", _OPEN_S)["error"]) if new else ""
        if failure:
            child.close()
            self._child = None
            raise RefusedError(KUBERNETES, f"Pulumi cannot open stack {self._stack.name}: {told(failure)}")
        return child

    def _order(self, order: Mapping[str, Any], what: str, silent_s: float) -> str:
        """Have something done; gives what Pulumi said against it."""
        self._end_up()
        child = self._started()
        for attempt in range(2):
            child.stand_for()
            child.send(order)
            answer = child.answer(what, silent_s)
            self._take(answer)
            holder = locking.holder(str(answer["error"]))
            if holder is None:
                return str(answer["error"])
            if attempt or not (self._resume and holder.dead):
                raise locking.refusal(self._stack.name, holder)
            child.send({"do": "cancel"})
            child.answer("breaking the lock", silent_s)
        raise AssertionError  # the second attempt returns or raises

    def _known(self) -> dict[ObjectKey, Member]:
        if self._members is None and (failure := self._order({"do": "state"}, "the stack's state", _OPEN_S)):
            raise locking.unusable(self._stack.name, told(failure))
        return dict(self._members or {})

    def _take(self, answer: Mapping[str, Any]) -> None:
        found = answer["members"]
        self._members = None if found is None else dict(member(each) for each in found)

    def _hear(self, line: Mapping[str, Any]) -> None:
        with self._condition:
            if "asked" in line:
                self._up.asked.add(tuple(line["asked"]))
            elif "answer" in line:
                if self._up.begun:
                    self._up.ended = True
                    self._up.failure = str(line["answer"]["error"])
            else:
                self._note(line["event"])
            self._condition.notify_all()

    def _note(self, event: Mapping[str, Any]) -> None:
        if event["moment"] == "said":
            if event["severity"] == "error":
                self._said.setdefault(event["urn"], []).append(one_line(event["text"]))
            return
        if event["moment"] == "component":
            self._components.add(event["urn"])
            return
        self._steps.append(dict(event))
        name = event["type"], event["name"]
        if event["op"] in {"refresh", "read"} or event["moment"] == "before":
            return
        self._up.note(name, event)
        if self._up.outcomes.get(name) == "done" and name in self._up.released:
            self._finished.add(name)

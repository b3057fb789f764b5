"""A layer of stacks: every Kubernetes object of its programs is a resource of the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import AccessError
from infra_kit.stacks.engines import selection
from infra_kit.stacks.programs import evaluation, rendering
from infra_kit.stacks.resource import StackLeftover, StackResource
from infra_kit.stacks.stack import ObjectKey, Stack

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.resource import Created, ReadContext, Resource
    from infra_kit.stacks.engines.engine import Engine, EngineOpening
    from infra_kit.stacks.resource import Opening
    from infra_kit.stacks.stack import Evaluated

_GUARDS = frozenset({("networking.k8s.io", "NetworkPolicy"), ("", "ResourceQuota"), ("", "LimitRange")})
"""Kinds that keep in bounds whatever else is in their namespace."""


@dataclass
class StackLayer:
    """One layer over some stacks.

    Args:
        name: the layer.
        after: layers that come before it; those that a plan does not have do not matter.
        programs: whose stacks are this layer's, whether the inventory still asks for them or only the cluster remembers them.
        stacks: the stacks that a site asks for.
        concurrency: objects at once.
        opening: how an engine is made for a stack; by default as `engines.selection` chooses.
        recall: names of the stacks that the cluster remembers.
        made_by: the layer that makes the cluster; while it has yet to, nothing here can be compared.
    """

    name: str
    after: tuple[str, ...]
    programs: frozenset[str]
    stacks: Callable[[Site], Sequence[Stack]]
    concurrency: int = 32
    opening: EngineOpening = selection.open_engine
    recall: Callable[[ReadContext], Sequence[str]] = selection.remembered
    made_by: str = "hosts"

    def resources(self, site: Site) -> Sequence[Resource]:
        """Every object of every stack.

        Raises:
            ProgramError: a program failed.
        """
        return self._resources(site, self._wanted(site))

    def resources_of(self, site: Site, scopes: frozenset[str]) -> Sequence[Resource]:
        """Those of the stacks with these scopes; no other program is evaluated."""
        return self._resources(site, [stack for stack in self._wanted(site) if stack.scope in scopes])

    def _resources(self, site: Site, stacks: Sequence[Stack]) -> Sequence[Resource]:
        found = evaluation.evaluate(site, stacks)
        return [StackResource(each.stack, item, opening) for each in found for opening in [self._opening(each)] for item in each.objects]

    def leftovers(self, site: Site, created: Sequence[Created]) -> Sequence[Resource]:
        """What infra-kit made and no program asks for.

        Raises:
            AccessError: the inventory does not say how the cluster is reached (any more).
        """
        require_managed(site)
        stacks = {stack.name: stack for stack in self._wanted(site)}
        going = {each.id: _key(each) for each in created}
        openings: dict[Stack, Opening] = {}
        found = []
        for each in created:
            key = _key(each)
            stack = self._stack_of(each, key, stacks)
            if stack is not None:
                opening = openings.get(stack) or openings.setdefault(stack, self._opening(evaluation.known(site, stack)))
                found.append(StackLeftover(stack, key, dict(each.record), self._needs(each, key, going), opening))
        return found

    def _needs(self, created: Created, key: ObjectKey, going: Mapping[str, ObjectKey]) -> frozenset[str]:
        """What an object that goes is removed before.

        What guards a namespace goes with it, not before it: a namespace that turns out to hold what others made stays as guarded as it was.
        """
        home = f"{self.name}/Namespace/{key.namespace}"
        if _guards(key) and home in going:
            return frozenset()
        needs = frozenset(created.record.get("depends_on") or {home} & going.keys())
        if (key.group, key.kind) != ("", "Namespace"):
            return needs
        return needs | {each for each, other in going.items() if other.namespace == key.name and _guards(other)}

    def remembered(self, context: ReadContext) -> Sequence[Created]:
        """What the cluster itself remembers of this layer's stacks, those that have left the inventory among them.

        Raises:
            DeviceError: the cluster cannot be asked.
        """
        if not _managed(context.site):
            return []
        wanted = {stack.name: stack for stack in self._wanted(context.site)}
        known = [name for name in self.recall(context) if name.partition(".")[0] in self.programs]
        stacks = [wanted.get(name) or Stack.of_name(self.name, name) for name in known]
        openings = [(stack, self._opening(evaluation.known(context.site, stack))) for stack in stacks]
        return [found for stack, opening in openings for found in opening(stack, context).created(context)]

    def render(self, site: Site) -> Mapping[str, str]:
        """The objects as YAML, a file for each component."""
        found = evaluation.evaluate(site, self._wanted(site))
        return {path: text for each in found for path, text in rendering.files(each).items()}

    def _wanted(self, site: Site) -> Sequence[Stack]:
        return self.stacks(site) if _managed(site) else []

    def _opening(self, program: Evaluated | None) -> Opening:
        """How objects of a stack come to its engine: one while a run plans, and another, which may follow it, while it changes things."""
        planned: list[Engine] = []

        def make(stack: Stack, context: ReadContext) -> Engine:
            engine = self.opening(stack, program, context)
            follow = getattr(engine, "follow", None)
            if planned and follow:
                follow(planned[-1])
            planned[:] = [engine]
            return engine

        def opening(stack: Stack, context: ReadContext) -> Engine:
            return context.connections.once((StackLayer, stack, program is None), lambda: make(stack, context))

        return opening

    def _stack_of(self, created: Created, key: ObjectKey, stacks: Mapping[str, Stack]) -> Stack | None:
        name = str(created.record.get("stack") or "")
        if name:
            return stacks.get(name) or Stack.of_name(self.name, name)
        # A run was killed between beginning to create it and saying so. Its stack is the one whose name its own begins with: the engine
        # asks the cluster whether that is so before it removes anything.
        place = key.namespace or key.name
        likely = [stack for stack in stacks.values() if not stack.parameter or f"{place}-".startswith(f"{stack.parameter}-")]
        return max(likely, key=lambda stack: len(stack.parameter), default=None)


def require_managed(site: Site) -> None:
    """Refuse at once to look for what is to be removed from a cluster: object by object it would be refused as well.

    Raises:
        AccessError: the inventory does not say how the cluster is reached (any more).
    """
    if _managed(site):
        return
    from infra_kit.inventory.load import whereabouts

    missing = "section `kubernetes`" if site.kubernetes is None else "`kubernetes.credential`"
    raise AccessError(
        f"the inventory has no {missing}, so infra-kit cannot talk to the cluster",
        where=whereabouts(site, ("kubernetes", "credential")),
        remedy="have `kubernetes.credential` name one of `credentials`: the bearer token by which infra-kit made what is there",
    )


def _guards(key: ObjectKey) -> bool:
    return (key.group, key.kind) in _GUARDS


def _managed(site: Site) -> bool:
    """Whether infra-kit is to talk to the site's cluster at all."""
    return site.kubernetes is not None and site.kubernetes.credential is not None


def _key(created: Created) -> ObjectKey:
    """The object that an id and a record name."""
    _, kind, *place, name = created.id.split("/")
    kind, _, group = kind.partition(".")
    version = str(created.record.get("api_version") or "")
    return ObjectKey(version.rpartition("/")[0] if version else group, kind, place[0] if place else "", name)

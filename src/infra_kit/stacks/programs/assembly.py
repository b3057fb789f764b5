"""From what a program registered to the objects of a stack: named, labelled, checked, in order."""

from __future__ import annotations

import re
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.parts.secret import MARKER
from infra_kit.stacks.stack import FIELD_MANAGER, LABEL_PREFIX, Evaluated, ObjectKey, StackObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_kit.stacks.programs.recording import Recording, Registration
    from infra_kit.stacks.stack import Stack

STACK_LABEL = f"{LABEL_PREFIX}stack"
_MANAGED_BY = "app.kubernetes.io/managed-by"
_KUBERNETES = "kubernetes:"
_PATCH = "Patch"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def assemble(stack: Stack, recording: Recording, generated: frozenset[str] = frozenset()) -> Evaluated:
    """The objects of a stack, in an order that respects their dependencies and is otherwise that of the program.

    Beside those that the program states, an object depends on the namespace that it is in, and a custom resource on its definition, where
    the program makes these.

    Raises:
        ProgramError: a resource that is no Kubernetes object, one without a name, two of one name, a circle.
    """
    by_urn = {each.urn: each for each in recording.registrations}
    made = [_Made(stack, each, by_urn) for each in recording.registrations if each.custom]
    _refuse_doubles(stack, made)
    inside = _components(made)
    objects = _with_dependencies(made, inside)
    return Evaluated(stack, tuple(_in_order(stack, objects)), recording.outputs, generated)


class _Made:
    """One object with its registration, before dependencies are known."""

    def __init__(self, stack: Stack, found: Registration, by_urn: Mapping[str, Registration]) -> None:
        _refuse_foreign(stack, found)
        self.found = found
        self.ancestors = tuple(reversed(list(_ancestors(found, by_urn))))
        self.patch = is_patch(found.type, found.inputs)
        self.manifest = found.inputs if self.patch else labelled(stack, found.inputs)
        metadata = self.manifest["metadata"]
        group = str(self.manifest["apiVersion"]).rpartition("/")[0]
        self.key = ObjectKey(group, str(self.manifest["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"]))
        if holds_marker(self.manifest):
            refuse_misplaced_secret(self.key.kind, f"{found.name}` of stack `{stack.name}")


def _refuse_foreign(stack: Stack, found: Registration) -> None:
    what = f"{found.type} `{found.name}` of stack {stack.name}"
    if not is_kubernetes(found.type) or not found.inputs.get("apiVersion") or not found.inputs.get("kind"):
        raise ProgramError(f"{what} is no plain Kubernetes object", remedy="a stack's program makes Kubernetes objects and components only")
    if not (found.inputs.get("metadata") or {}).get("name"):
        raise ProgramError(f"{what} has no metadata.name", remedy="name it: random names would make a new object at each run")
    if found.refused:
        raise ProgramError(f"{what} has an option that only Pulumi itself can honour: {', '.join(found.refused)}", remedy="leave it out")


def is_kubernetes(type_: str) -> bool:
    """Whether a Pulumi type is one of the Kubernetes provider's."""
    return type_.startswith(_KUBERNETES)


def is_patch(type_: str, inputs: Mapping[str, Any]) -> bool:
    """Whether it is a `...Patch` resource."""
    return type_.rpartition(":")[2] == f"{inputs.get('kind')}{_PATCH}"


def refuse_misplaced_secret(kind: str, name: str) -> None:
    """Refuse a secret reference anywhere but in a Secret.

    Raises:
        ProgramError: the kind is another.
    """
    if kind not in {"Secret", f"Secret{_PATCH}"}:
        raise ProgramError(
            f"{kind} `{name}` holds a secret reference: whoever may read the object would read the secret",
            remedy="put it into `string_data` of a Secret and refer to that",
        )


def holds_marker(value: Any) -> bool:
    """Whether there is a secret reference anywhere in a value."""
    if isinstance(value, str):
        return MARKER.search(value) is not None
    if isinstance(value, dict):
        return any(holds_marker(each) for each in value.values())
    return isinstance(value, list) and any(holds_marker(each) for each in value)


def _ancestors(found: Registration, by_urn: Mapping[str, Registration]) -> Iterator[str]:
    """URNs of the components that it is in, innermost first."""
    parent = found.parent
    while parent:
        if not by_urn[parent].custom:
            yield parent
        parent = by_urn[parent].parent


def labelled(stack: Stack, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """An object's inputs with the labels that say whose it is."""
    metadata = inputs.get("metadata") or {}
    labels = {_MANAGED_BY: FIELD_MANAGER, **(metadata.get("labels") or {}), STACK_LABEL: stack.name}
    return {**inputs, "metadata": {**metadata, "labels": dict(sorted(labels.items()))}}


def _refuse_doubles(stack: Stack, made: Sequence[_Made]) -> None:
    seen: dict[ObjectKey, str] = {}
    for each in made:
        if each.key in seen:
            names = f"as `{seen[each.key]}` and as `{each.found.name}`"
            raise ProgramError(f"stack {stack.name} makes {each.key.path} twice: {names}", remedy="make it once")
        seen[each.key] = each.found.name


def _components(made: Sequence[_Made]) -> dict[str, list[ObjectKey]]:
    """URN of a component -> the objects in it: who depends on a component depends on all of them."""
    inside: dict[str, list[ObjectKey]] = defaultdict(list)
    for each in made:
        for ancestor in each.ancestors:
            inside[ancestor].append(each.key)
    return inside


def _with_dependencies(made: Sequence[_Made], inside: Mapping[str, Sequence[ObjectKey]]) -> list[StackObject]:
    by_urn = {each.found.urn: each.key for each in made}
    present = {each.key for each in made}
    definitions = {_defined(each.manifest): each.key for each in made if each.key.kind == "CustomResourceDefinition"}
    found = []
    for each in made:
        needed = {by_urn[urn] for urn in each.found.dependencies if urn in by_urn}
        for urn in each.found.dependencies:
            needed |= {key for key in inside.get(urn, ()) if urn not in each.ancestors}
        namespace = ObjectKey("", "Namespace", "", each.key.namespace)
        needed |= {namespace} & present
        if definition := definitions.get((each.key.group, each.key.kind)):
            needed.add(definition)
        found.append(_object(each, frozenset(needed - {each.key})))
    return found


def _defined(manifest: Mapping[str, Any]) -> tuple[str, str]:
    spec = manifest.get("spec") or {}
    return str(spec.get("group")), str((spec.get("names") or {}).get("kind"))


def _object(made: _Made, needed: frozenset[ObjectKey]) -> StackObject:
    return StackObject(
        logical_name=made.found.name,
        type=made.found.type,
        manifest=made.manifest,
        component=tuple(urn.rpartition("::")[2] for urn in made.ancestors),
        depends_on=needed,
        patch=made.patch,
        given_up=made.found.ignored,
        retain=made.found.retain,
        ready_within_s=_seconds(made.found.create_timeout),
    )


def _seconds(text: str) -> float | None:
    """Of a duration in Go's form, as Pulumi takes it: `90s`, `1h30m`."""
    parts = _DURATION.findall(text)
    if not parts:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _in_order(stack: Stack, objects: Sequence[StackObject]) -> Iterator[StackObject]:
    place = {each.key: number for number, each in enumerate(objects)}
    sorter: TopologicalSorter[ObjectKey] = TopologicalSorter()
    for each in objects:
        sorter.add(each.key, *each.depends_on)
    try:
        sorter.prepare()
    except CycleError as error:
        path = " needs ".join(key.path for key in reversed(error.args[1]))
        raise ProgramError(f"the objects of stack {stack.name} need each other in a circle: {path}") from error
    ready: list[int] = []
    while sorter.is_active():
        for key in sorter.get_ready():
            heappush(ready, place[key])
        if ready:
            found = objects[heappop(ready)]
            yield found
            sorter.done(found.key)

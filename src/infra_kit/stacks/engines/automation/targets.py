"""Which of a stack's objects Pulumi is told to work on: it refuses the whole order where another object hangs on one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.stacks.engines.automation.findings import name_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from infra_kit.stacks.engines.automation.findings import Member, Name
    from infra_kit.stacks.engines.automation.place import Place
    from infra_kit.stacks.stack import ObjectKey

_COMPONENTS = "infra-kit:*:*::**"
_NAMESPACE = "kubernetes:core/v1:Namespace"
"""A patch of a namespace has another type: the namespace stays."""


def of_up(place: Place, held: Iterable[Name], components: Iterable[str]) -> list[str]:
    """Patterns, because what does not exist yet must not be named. Pulumi wants the components to be targets as well.

    Args:
        place: the stack's.
        held: type and logical name of the objects.
        components: URNs of what only groups objects.
    """
    stem = f"urn:pulumi:{place.stack}::{place.project}::**"
    groups = [_COMPONENTS, *(urn.split("::", 2)[2] for urn in sorted(components))]
    return [f"{stem}{each}" for each in (*(f"{type_}::{label}" for type_, label in sorted(held)), *groups)]


def of_removal(asked: AbstractSet[str], members: Mapping[ObjectKey, Member]) -> frozenset[str]:
    """What Pulumi can delete of what is asked for; what is in a namespace that goes, such as its policies and quota, goes with it.

    Not in it is what an object that stays hangs on, by Pulumi's state: Pulumi would have to delete that as well.

    Args:
        asked: URNs.
        members: what is in the state.
    """
    spaces = {key.name: each.urn for key, each in members.items() if name_in(each.urn)[0] == _NAMESPACE and not each.retained}
    inside = {member.urn: spaces.get(key.namespace) for key, member in members.items()}
    going = {urn for urn, space in inside.items() if urn in asked or space in asked}
    while True:
        staying = [member for member in members.values() if member.urn not in going]
        dropped = {urn for member in staying for urn in member.needs} & going
        dropped |= {urn for urn in going - asked if inside[urn] not in going}
        if not dropped:
            return frozenset(going)
        going -= dropped

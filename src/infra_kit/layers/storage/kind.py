"""What a kind of object on the array is: where it is listed, how it is told apart, what of it is compared and what is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.storage import Storage
    from infra_kit.layers.storage.exchange import Request
    from infra_kit.layers.storage.versions import Versions

Fields = dict[str, Any]
"""Values by the platform API's names, nested ones by dotted path (`thresholds.hard`)."""


@dataclass(frozen=True, slots=True)
class Design:
    """What objects are derived from."""

    site: Site
    storage: Storage
    versions: Versions


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object is: its key in the listing, the variables of its path, its access zone."""

    key: str
    variables: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object that the inventory asks for."""

    name: str
    """The last part of its id; the kind's `place` says what it means."""
    values: Fields
    """The fields that the inventory states; no others are managed."""
    needs: tuple[str, ...] = ()
    """`kind/name` of what must be in place first."""
    once: Mapping[str, Any] = field(default_factory=dict)
    """What is sent at its creation and left alone afterwards."""
    within: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Of a list field, the members that are managed; others are neither compared nor removed."""
    scope: str = ""
    """The part of the site that it belongs to, where it is a workspace's."""


def flat(item: Mapping[str, Any], prefix: str = "") -> Fields:
    """Nested objects as dotted paths."""
    found: Fields = {}
    for name, value in item.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted paths as nested objects: the other way round."""
    body: dict[str, Any] = {}
    for path, value in values.items():
        *parents, last = path.split(".")
        held = body
        for parent in parents:
            held = held.setdefault(parent, {})
        held[last] = value
    return body


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object. Adding one is writing one of these."""

    name: str
    """The middle of its ids: `storage/zone/cdp` is of kind `zone`."""
    path: str
    """Its resource in the version table."""
    answer: str
    """The key of its objects in an answer."""
    place: Callable[[str], Place]
    """What an id's last part means."""
    wanted: Callable[[Design], Iterable[Wanted]]
    """The objects that a site asks for."""
    key: Callable[[Mapping[str, Any]], str] = lambda item: str(item["name"])
    """What tells a listed object apart; compared with the place's key."""
    listed_at: str = ""
    """A resource that lists the objects of all parents at once; empty: its own."""
    query: Mapping[str, str] = field(default_factory=dict)
    """Further arguments of the listing."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Further arguments of every request, the listing's included."""
    target: Callable[[Mapping[str, Any]], str] = lambda item: str(item["name"])
    """What names a listed object in its own path."""
    fields: Callable[[Mapping[str, Any]], Fields] = flat
    """A listed object in the terms of `Wanted.values`."""
    body: Callable[[Fields], dict[str, Any]] = nested
    """Values as a request carries them."""
    together: tuple[str, ...] = ()
    """Dotted prefixes whose values are sent all together when one of them changes."""
    fixed: frozenset[str] = frozenset()
    """Fields that an existing object cannot change."""
    forced: bool = False
    """With consent, fixed fields are changed by `force` instead of removing and creating the object again."""
    settings: bool = False
    """One that is always there: never created, never removed."""
    built_in: frozenset[str] = frozenset()
    """Keys that every cluster comes with."""
    linked: frozenset[str] = frozenset()
    """Fields that live in a collection of their own; `links` sees to them."""
    links: Callable[[Versions, Place, Fields, Fields], list[Request]] | None = None
    """The requests that make the linked fields so: versions, place, values before, values after."""

    def asked(self, place: Place) -> dict[str, str]:
        """The arguments of every request about an object at a place."""
        return {**self.arguments, **({"zone": place.zone} if place.zone else {})}

    def listing(self, place: Place) -> tuple[str, Mapping[str, str], dict[str, str]]:
        """Resource, variables and arguments that list the objects at a place."""
        query = {**self.query, **self.asked(place)}
        return (self.listed_at, {}, query) if self.listed_at else (self.path, place.variables, query)

"""A collection of the platform API: list with paging, read, create, change, delete; its rules are its subclass's."""

from __future__ import annotations

import base64
import binascii
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from infra_kit.lab.onefs.refusal import Refusal

if TYPE_CHECKING:
    from infra_kit.lab.onefs.cluster import Cluster

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request points: the variables of its path and its query."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)


class Collection:
    """One collection. Subclasses say what belongs together, what may be and what may go."""

    kind: ClassVar[str]
    """Its name in resources.yaml."""
    listing: ClassVar[str]
    """The key of its objects in an answer."""
    key: ClassVar[str] = "name"
    """The field that is its id."""
    title: ClassVar[str] = "Object"
    """What the array calls one of them."""
    methods: ClassVar[frozenset[str]] = frozenset({"GET", "POST", "PUT", "DELETE"})

    def __init__(self, cluster: Cluster) -> None:
        """Work on this cluster."""
        self.cluster = cluster
        self.schema = cluster.schema(self.kind)
        self.page = PAGE

    # -- rules, for subclasses

    def scope(self, place: Place) -> str:
        """What the ids are unique in; refuses where the parent is missing."""
        del place
        return ""

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Refuse what may not be. `before` is None for a new object. May complete the item."""

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """The object as answers show it."""
        del scope, query
        return {"id": item[self.key], **item}

    def removable(self, scope: str, item: dict[str, Any]) -> None:
        """Refuse the removal of what is built in or in use."""

    def removed(self, scope: str, item: dict[str, Any]) -> None:
        """What else goes with it."""

    def identity(self, scope: str, item: dict[str, Any]) -> str:
        """The id of a new object."""
        del scope
        return str(item[self.key])

    def answer_id(self, scope: str, item: dict[str, Any]) -> Any:
        """The id as the answer to a creation gives it."""
        return self.view(scope, item, {})["id"]

    def find(self, scope: str, name: str) -> dict[str, Any]:
        """The object that a path names."""
        item = self.cluster.objects(self.kind, scope).get(name)
        if item is None:
            raise self.missing(name)
        return item

    def missing(self, name: str) -> Refusal:
        """The array's words for an object that is not there."""
        return Refusal(404, f"{self.title} '{name}' not found")

    def duplicate(self, name: str) -> Refusal:
        """The array's words for an object that is there already."""
        return Refusal(409, f"{self.title} '{name}' already exists")

    def items(self, place: Place) -> list[tuple[str, dict[str, Any]]]:
        """What a listing shows, with its scope."""
        scope = self.scope(place)
        return [(scope, item) for item in self.cluster.objects(self.kind, scope).values()]

    # -- what requests do

    def list(self, place: Place) -> dict[str, Any]:
        """A page of the collection."""
        query = _resumed(place.query)
        start = int(query.pop("start", 0))
        # A collection that knows no `resume` has one page, however long.
        limit = _limit(query, self.page) if "resume" in self.schema.query else sys.maxsize
        views = [self.view(scope, item, query) for scope, item in self.items(Place(place.path, query))]
        answer: dict[str, Any] = {self.listing: views[start : start + limit], "total": len(views), "resume": None}
        if start + limit < len(views):
            answer["resume"] = _token({**query, "start": str(start + limit)})
        return answer

    def get(self, place: Place, name: str) -> dict[str, Any]:
        """One object, in a list of one as the platform API has it."""
        scope = self.scope(place)
        return {self.listing: [self.view(scope, self.find(scope, name), place.query)]}

    def create(self, place: Place, body: Any) -> dict[str, Any]:
        """A new object; gives its id."""
        scope = self.scope(place)
        self.schema.check(body, "create")
        item = {**self.schema.defaults(), **body}
        self.admit(scope, item, None)
        name = self.identity(scope, item)
        held = self.cluster.objects(self.kind, scope)
        if name in held:
            raise self.duplicate(name)
        kept = self.cluster.taken_in(self.kind, body)
        lost = set(body) - set(kept) - {self.key} - self.schema.required
        defaults = self.schema.defaults()
        held[name] = {key: defaults.get(key) if key in lost else value for key, value in item.items() if key not in lost or key in defaults}
        return {"id": self.answer_id(scope, held[name])}

    def update(self, place: Place, name: str, body: Any) -> None:
        """Change an object."""
        scope = self.scope(place)
        before = self.find(scope, name)
        self.schema.check(body, "update")
        item = {**before, **body}
        self.admit(scope, item, before)
        held = self.cluster.objects(self.kind, scope)
        kept = self.cluster.taken_in(self.kind, body)
        after = {**item, **{key: before[key] for key in body if key not in kept and key in before}}
        renamed = self.identity(scope, after)
        if renamed != self.identity(scope, before):
            if renamed in held:
                raise self.duplicate(renamed)
            del held[self.identity(scope, before)]
        held[renamed] = after

    def delete(self, place: Place, name: str) -> None:
        """Remove an object."""
        scope = self.scope(place)
        item = self.find(scope, name)
        self.removable(scope, item)
        del self.cluster.objects(self.kind, scope)[self.identity(scope, item)]
        self.removed(scope, item)


def _limit(query: dict[str, str], page: int) -> int:
    text = query.pop("limit", str(page))
    if not text.isdigit() or int(text) < 1:
        raise Refusal(400, f"Invalid value '{text}' for argument 'limit'", "limit")
    return min(int(text), page)


def _token(query: dict[str, str]) -> str:
    return "1-1-" + base64.urlsafe_b64encode(json.dumps(query).encode()).decode().rstrip("=")


def _resumed(query: dict[str, str]) -> dict[str, str]:
    """The query of the listing that a resume token goes on with."""
    if "resume" not in query:
        return dict(query)
    if len(query) > 1:
        raise Refusal(400, "The 'resume' argument cannot be used with other arguments", "resume")
    text = query["resume"].removeprefix("1-1-")
    try:
        held = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:
        raise Refusal(400, "Invalid resume token", "resume") from error
    return {str(key): str(value) for key, value in held.items()}

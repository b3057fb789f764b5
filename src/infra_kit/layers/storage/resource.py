"""One object on the array: compared field by field, created, changed, verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import DeviceError, RefusedError, UnreachableError, VerificationError
from infra_kit.layers.storage.exchange import Request
from infra_kit.layers.storage.reading import objects, reader, understood, writer
from infra_kit.plan.resource import Change, Diff, Observed, Outcome

if TYPE_CHECKING:
    from infra_kit.layers.storage.client import PapiReader, PapiWriter
    from infra_kit.layers.storage.kind import Fields, Kind, Place, Wanted
    from infra_kit.plan.resource import ReadContext, RunContext

LAYER = "storage"


@dataclass(frozen=True, slots=True)
class Found:
    """An object as the array lists it."""

    target: str
    """What names it in its own path."""
    values: Fields


def find(client: PapiReader, kind: Kind, place: Place) -> Found | None:
    """The object at a place, or None.

    Raises:
        DeviceError: the listing cannot be read.
    """

    def look() -> Found | None:
        for item in objects(client, kind, place):
            if kind.settings:
                return Found("", kind.fields(item))
            if kind.key(item) == place.key:
                return Found(kind.target(item), kind.fields(item))
        return None

    found: Found | None = understood(client.device, f"the listing of every {kind.name}", look)
    return found


@dataclass(frozen=True, slots=True)
class StorageObject:
    """An object that the inventory asks for."""

    device: str
    kind: Kind
    wanted: Wanted
    depends_on: frozenset[str]
    groups: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """`storage/kind/name`."""
        return f"{LAYER}/{self.kind.name}/{self.wanted.name}"

    @property
    def scope(self) -> str:
        """The part of the site that it is changed with."""
        return self.wanted.scope

    @property
    def place(self) -> Place:
        """Where it is on the array."""
        return self.kind.place(self.wanted.name)

    @property
    def record(self) -> dict[str, Any]:
        """What its removal will need one day: what it stands on."""
        return {"depends_on": sorted(self.depends_on)}

    @property
    def query(self) -> dict[str, str]:
        """The arguments that its requests carry."""
        return self.kind.asked(self.place)

    def read(self, context: ReadContext) -> Observed:
        """The fields that the inventory states, as the array has them."""
        return self._observe(reader(context))

    def _observe(self, client: PapiReader) -> Observed:
        found = find(client, self.kind, self.place)
        if found is None:
            return Observed({"present": False})
        return Observed({"present": True, "fields": self._managed(found.values)})

    def _managed(self, values: Fields) -> Fields:
        """Of an object's values, those that the inventory states."""
        kept = {name: values.get(name) for name in self.wanted.values}
        for name, members in self.wanted.within.items():
            kept[name] = [member for member in kept[name] or () if member in members]
        return kept

    def diff(self, observed: Observed) -> Diff:
        """Field by field."""
        if not observed.state["present"]:
            stated = {**self.wanted.once, **self.wanted.values}
            reason = "waits for its access zone" if self.kind.settings else "is not on the array"
            return Diff("create", reason, [Change(name, None, value) for name, value in stated.items()])
        fields = observed.state["fields"]
        changes = [Change(name, fields.get(name), value) for name, value in self.wanted.values.items() if fields.get(name) != value]
        if not changes:
            return Diff("none")
        fixed = sorted(change.path for change in changes if change.path in self.kind.fixed)
        if fixed:
            return Diff("update", f"OneFS fixes {', '.join(fixed)} at creation", changes, disruption="recreate")
        return Diff("update", "differs", changes)

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Create or change it.

        Raises:
            RefusedError: the array refuses, or the change needs consent that was not given.
            DeviceError: it could not be done.
        """
        client = writer(context)
        if diff.action == "create":
            return self._create(client)
        if diff.disruption == "recreate":
            return self._recreate(client, diff, context)
        try:
            self._update(client, observed.state["fields"], [change.path for change in diff.changes])
        except UnreachableError as error:
            self._only_the_answer_was_lost(client, error, ignoring=frozenset())
        return Outcome(record=self.record)

    def creation(self) -> dict[str, Any]:
        """The body of the request that creates it."""
        values = {name: value for name, value in self.wanted.values.items() if name not in self.kind.linked}
        return self.kind.body({**values, **self.wanted.once})

    def _create(self, client: PapiWriter) -> Outcome:
        if self.kind.settings:
            self._update(client, {}, list(self.wanted.values))
            return Outcome(record=self.record)
        try:
            client.write(Request("POST", client.versions.path(self.kind.path, self.place.variables), self.creation(), query=self.query))
        except DeviceError as error:
            self._only_the_answer_was_lost(client, error, ignoring=self.kind.linked)
        self._link(client, {})
        return Outcome(record=self.record)

    def _only_the_answer_was_lost(self, client: PapiWriter, error: DeviceError, ignoring: frozenset[str]) -> None:
        """Look again after a change that was not acknowledged; raise its error unless the object is there as wanted."""
        try:
            observed = self._observe(client)
        except DeviceError:
            raise error from None
        if not observed.state["present"] or {change.path for change in self.diff(observed).changes} - ignoring:
            raise error

    def _update(self, client: PapiWriter, before: Fields, changed: list[str], query: dict[str, str] | None = None) -> None:
        prefixes = [prefix for prefix in self.kind.together if any(name.startswith(prefix) for name in changed)]
        sent = {
            name: value
            for name, value in self.wanted.values.items()
            if name not in self.kind.linked and (name in changed or any(name.startswith(prefix) for prefix in prefixes))
        }
        if sent:
            found = find(client, self.kind, self.place)
            if found is None:
                raise DeviceError(self.device, f"{self.id} has gone since it was read", remedy="plan again")
            path = client.versions.path(self.kind.path, self.place.variables, found.target)
            client.write(Request("PUT", path, self.kind.body(sent), query={**self.query, **(query or {})}))
        if self.kind.linked & set(changed):
            self._link(client, before)

    def _link(self, client: PapiWriter, before: Fields) -> None:
        if self.kind.links is None:
            return
        if not before:
            # A creation whose answer was lost may have been linked in part.
            found = find(client, self.kind, self.place)
            before = self._managed(found.values) if found else {}
        for request in self.kind.links(client.versions, self.place, before, self.wanted.values):
            client.write(request)

    def _recreate(self, client: PapiWriter, diff: Diff, context: RunContext) -> Outcome:
        if self.id not in context.allow_wipe:
            raise RefusedError(
                self.device,
                f"{self.id}: {diff.reason}; changing it can cost its users access",
                remedy=f"give `--allow-wipe {self.id}` if that is meant, or take the inventory back to what the array has",
            )
        changed = [change.path for change in diff.changes]
        if self.kind.forced:
            before = {change.path: change.before for change in diff.changes}
            self._update(client, before, changed, {"force": "true"})
            return Outcome(message="changed by force", record=self.record)
        remove(client, self.kind, self.place)
        return self._create(client)

    def verify(self, context: RunContext) -> None:
        """Read again.

        Raises:
            VerificationError: the array accepted a change and does not have it.
        """
        client = writer(context)
        client.forget()
        left = self.diff(self._observe(client))
        if left.action == "none":
            return
        if left.action == "create":
            raise VerificationError(self.device, f"{self.id} was accepted, but is not on the array", remedy="plan again")
        fields = "; ".join(f"{change.path} is {change.before!r}, wanted {change.after!r}" for change in left.changes)
        raise VerificationError(self.device, f"{self.id} was accepted, but is not as wanted: {fields}", remedy="plan again")


def remove(client: PapiWriter, kind: Kind, place: Place) -> None:
    """Remove an object; one that is gone already is fine.

    Raises:
        RefusedError: in the array's own words, such as what still uses it.
        DeviceError: it could not be done.
    """
    found = find(client, kind, place)
    if found is None:
        return
    query = kind.asked(place)
    try:
        client.write(Request("DELETE", client.versions.path(kind.path, place.variables, found.target), query=query))
    except DeviceError:
        if find(client, kind, place) is not None:
            raise

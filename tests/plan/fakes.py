"""A world of files and a layer over it: enough device for the engine's own logic, and nothing of a real one's language."""

from __future__ import annotations

import copy
import fcntl
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.access import Access
from infra_kit.inventory.errors import DeviceError, NotReadyError, UnreachableError, VerificationError
from infra_kit.plan.request import Dialogue
from infra_kit.plan.resource import Change, Created, Diff, Observed, Outcome, ReadContext, Resource, RunContext, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.events import Event
    from infra_kit.plan.planning import Plan


class World:
    """Devices as files that survive the process, and a log of every change that was made to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._guard = threading.Lock()
        self.busy: set[str] = set()
        self.overlaps: list[str] = []

    def get(self, device: str) -> dict[str, Any]:
        file = self.folder / f"{device}.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def put(self, device: str, name: str, value: Any) -> None:
        state = self.get(device)
        if value is None:
            state.pop(name, None)
        else:
            state[name] = value
        (self.folder / f"{device}.json").write_text(json.dumps(state))

    def change(self, resource: str, device: str, name: str, value: Any) -> None:
        self.put(device, name, value)
        with (self.folder / "changes.log").open("a") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            log.write(f"{resource}\n")

    @property
    def changes(self) -> list[str]:
        log = self.folder / "changes.log"
        return log.read_text().split() if log.exists() else []

    @contextmanager
    def alone(self, *claims: str) -> Iterator[None]:
        with self._guard:
            self.overlaps += [claim for claim in claims if claim in self.busy]
            self.busy |= set(claims)
        try:
            yield
        finally:
            with self._guard:
                self.busy -= set(claims)


@dataclass(frozen=True)
class Thing:
    """A named value on a device."""

    id: str
    device: str
    world: World
    wanted: Any = "wanted"
    depends_on: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    staged: bool = False
    reading: Callable[[], None] | None = None
    changing: Callable[[], None] | None = None
    disruption: str = "none"
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.id.replace("/", "_")

    def read(self, context: ReadContext) -> Observed | Unknown:
        with self.world.alone(f"device {self.device}"):
            if self.reading:
                self.reading()
            return Observed({"value": self.world.get(self.device).get(self.name)})

    def diff(self, observed: Observed) -> Diff:
        before = observed.state["value"]
        if before == self.wanted:
            return Diff("none")
        action = "delete" if self.wanted is None else "create" if before is None else "update"
        return Diff(action, changes=(Change("value", before, self.wanted),), disruption=self.disruption)

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        with self.world.alone(f"device {self.device}", *(f"group {group}" for group in self.groups)):
            if self.changing:
                self.changing()
            if self.staged and not context.allow_reboot:
                return Outcome("staged", "waits for a reset")
            self.world.change(self.id, self.device, self.name, self.wanted)
            return Outcome(record={"name": self.name, **self.record})

    def verify(self, context: RunContext) -> None:
        if self.world.get(self.device).get(self.name) != self.wanted and not self.staged:
            raise VerificationError(self.device, f"{self.id} is not as wanted")


@dataclass
class FakeLayer:
    """A layer of things."""

    name: str
    things: list[Thing]
    after: tuple[str, ...] = ()
    concurrency: int = 4
    world: World | None = None

    def resources(self, site: Site) -> Sequence[Resource]:
        return self.things

    def leftovers(self, site: Site, created: Sequence[Created]) -> Sequence[Resource]:
        assert self.world is not None
        return [Thing(each.id, "attic", self.world, wanted=None) for each in created]

    def render(self, site: Site) -> dict[str, str]:
        return {}


@dataclass
class Script(Dialogue):
    """A dialogue that answers by a script and keeps what it was told."""

    answer: bool = True
    on_event: Callable[[Event], None] = lambda event: None
    on_agree: Callable[[], None] = lambda: None
    notices: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    plan: Plan | None = None

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def planned(self, plan: Plan) -> None:
        self.plan = plan

    def agrees(self, plan: Plan) -> bool:
        self.on_agree()
        return self.answer

    def event(self, event: Event) -> None:
        self.events.append(event)
        self.on_event(event)


def thing(
    resource: str, world: World, device: str = "", *, needs: tuple[str, ...] = (), groups: tuple[str, ...] = (), **values: Any
) -> Thing:
    """A thing on a device of its own, unless said otherwise."""
    return Thing(resource, device or resource.replace("/", "-"), world, depends_on=frozenset(needs), groups=frozenset(groups), **values)


@dataclass(frozen=True)
class ScopedThing(Thing):
    """A thing of a workspace: `workspaces/Kind/WORKSPACE/NAME`."""

    @property
    def scope(self) -> str:
        return f"workspaces/{self.id.split('/')[2]}"


@dataclass(frozen=True)
class AwaitedThing(Thing):
    """A thing that its device makes ready by itself: `World.put(device, "ready", ...)` says how far it is, empty for ready."""

    meanwhile: Callable[[], None] = lambda: None
    """Happens while it is waited for."""

    def read(self, context: ReadContext) -> Observed | Unknown:
        found = super().read(context)
        return replace(found, waiting=self.waits_for()) if isinstance(found, Observed) else found

    def waits_for(self) -> str:
        return str(self.world.get(self.device).get("ready") or "")

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        outcome = super().apply(observed, diff, context)
        self.await_ready(context)
        return outcome

    def await_ready(self, context: RunContext) -> None:
        self.meanwhile()
        if self.waits_for():
            raise NotReadyError(self.device, f"{self.id} is not ready after 2 s: {self.waits_for()}")


@dataclass(frozen=True)
class HeadedThing(Thing):
    """A thing that a reader looks for under a heading of its own."""

    heading: str = ""
    found: Diff = field(default_factory=lambda: Diff("none"))

    def diff(self, observed: Observed) -> Diff:
        return self.found


def scoped(name: str, world: World, **values: Any) -> ScopedThing:
    """The thing `WORKSPACE/NAME` of the layer `workspaces`."""
    resource = f"workspaces/Thing/{name}"
    return ScopedThing(resource, values.pop("device", resource.replace("/", "-")), world, **values)


def awaited(resource: str, world: World, device: str, **values: Any) -> AwaitedThing:
    """A thing that becomes ready some time after it was applied."""
    return AwaitedThing(resource, device, world, depends_on=frozenset(values.pop("needs", ())), **values)


def broken(device: str = "d", what: str = "it does not want to") -> Callable[[], None]:
    """Raises as a device does."""

    def fail() -> None:
        raise DeviceError(device, what, remedy="ask it again")

    return fail


def unreachable(device: str = "d") -> Callable[[], None]:
    """Raises as a dead device does."""

    def fail() -> None:
        raise UnreachableError(device, "no connection")

    return fail


def moved(site: Site, folder: Path) -> Site:
    """The same site in another folder."""
    folder.mkdir(parents=True, exist_ok=True)
    other = copy.copy(site)
    object.__setattr__(other, "__pydantic_private__", {**(site.__pydantic_private__ or {}), "_folder": folder})
    return other


def access(site: Site) -> Access:
    """Access by an overlay of no device: fakes ask for none."""
    overlay = site.folder / "endpoints.yaml"
    overlay.write_text("devices: {}\n")
    return Access(site, overlay)


__all__ = [
    "AwaitedThing",
    "FakeLayer",
    "HeadedThing",
    "ScopedThing",
    "Script",
    "Thing",
    "World",
    "access",
    "awaited",
    "broken",
    "moved",
    "replace",
    "scoped",
    "thing",
    "unreachable",
]

"""The removal of what infra-kit made and the inventory no longer asks for. Nothing else is ever removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import VerificationError
from infra_kit.layers.storage.reading import reader, writer
from infra_kit.layers.storage.resource import LAYER, find, remove
from infra_kit.plan.resource import Change, Diff, Observed, Outcome

if TYPE_CHECKING:
    from infra_kit.layers.storage.kind import Kind
    from infra_kit.plan.resource import ReadContext, RunContext


@dataclass(frozen=True, slots=True)
class Removal:
    """An object that has to go."""

    device: str
    kind: Kind
    name: str
    depends_on: frozenset[str]
    groups: frozenset[str] = frozenset()
    scope: str = ""

    @property
    def id(self) -> str:
        """The id it had while the inventory asked for it."""
        return f"{LAYER}/{self.kind.name}/{self.name}"

    def read(self, context: ReadContext) -> Observed:
        """Whether it is still there."""
        return Observed({"present": find(reader(context), self.kind, self.kind.place(self.name)) is not None})

    def diff(self, observed: Observed) -> Diff:
        """Gone, or to go."""
        if not observed.state["present"]:
            return Diff("none")
        return Diff("delete", "was made by infra-kit", [Change(self.kind.name, self.name, None)])

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Remove it.

        Raises:
            RefusedError: the array says what still uses it.
        """
        del observed, diff
        remove(writer(context), self.kind, self.kind.place(self.name))
        return Outcome()

    def verify(self, context: RunContext) -> None:
        """Look again.

        Raises:
            VerificationError: it is still there.
        """
        client = writer(context)
        client.forget()
        if find(client, self.kind, self.kind.place(self.name)) is not None:
            raise VerificationError(self.device, f"the removal of {self.id} was accepted, but it is still there", remedy="plan again")

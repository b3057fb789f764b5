"""`bmc/identity/NAME`: the server behind a BMC's address is the one that the inventory describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.plan.resource import Diff, Observed, Outcome

if TYPE_CHECKING:
    from infra_kit.layers.bmc.target import Target
    from infra_kit.plan.resource import ReadContext, RunContext


@dataclass(frozen=True, slots=True)
class Identity:
    """Model and service tag. Cannot be changed, only be wrong: then it is unknown, and so is all that depends on it."""

    target: Target

    @property
    def id(self) -> str:
        """`bmc/identity/NAME`."""
        return self.target.id("identity")

    @property
    def device(self) -> str:
        """The server."""
        return self.target.name

    @property
    def depends_on(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    @property
    def groups(self) -> frozenset[str]:
        """None: reading disturbs nobody."""
        return frozenset()

    def read(self, context: ReadContext) -> Observed:
        """Read model and service tag.

        Raises:
            IdentityError: they are not the inventory's.
            DeviceError: they cannot be read.
        """
        state = self.target.read(context)
        return Observed({"model": state.model, "service_tag": state.service_tag})

    def diff(self, observed: Observed) -> Diff:
        """Nothing to do: a reading that came back is the right server."""
        del observed
        return Diff("none")

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Nothing to do beyond reading again.

        Raises:
            IdentityError: the server has been exchanged meanwhile.
        """
        del observed, diff
        self.verify(context)
        return Outcome()

    def verify(self, context: RunContext) -> None:
        """Read again.

        Raises:
            IdentityError: another server answers.
        """
        self.target.read(context, fresh=True)

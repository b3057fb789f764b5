"""Companies: resources that are read and changed many at a time, each still with its own step, order and outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from infra_kit.plan.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infra_kit.inventory.errors import InfraKitError
    from infra_kit.plan.resource import Diff, Observed, Outcome, ReadContext, RunContext, Unknown


@dataclass(frozen=True, slots=True)
class NotBegun:
    """Why nothing was sent for a resource of a company, such as an earlier part of its host that failed."""

    reason: str


class Company(Protocol):
    """Resources that are read, and changed, many at a time: where one program does them all in the time of a few.

    The engine calls one method of a company at a time, and hands over all that may start by then. Journal, order, consent and outcome
    stay those of each resource.
    """

    def read(
        self,
        resources: Sequence[Resource],
        context: ReadContext,
        found: Callable[[str, Observed | Unknown], None],
        called_off: Callable[[], bool],
    ) -> None:
        """Read some, and tell what was found of each by its id; from any thread. Of a DeviceError, all that are left are Unknown.

        Nobody waits for it any more once it is called off.
        """
        ...

    def apply(
        self,
        changes: Sequence[tuple[Resource, Observed, Diff]],
        context: RunContext,
        ended: Callable[[str, Outcome | NotBegun | InfraKitError], None],
    ) -> None:
        """Make some so, and tell as soon as one has ended; from any thread. What is raised is the failure of all that are left."""
        ...

    def remember(self, resources: Sequence[Resource], context: RunContext) -> None:
        """An apply begins, which found these in place: what makes the next look at them cheaper may be noted on their devices."""
        ...


class GatheredResource(Resource, Protocol):
    """A resource that is read and changed together with others."""

    @property
    def company(self) -> Company:
        """Together with whom: the same object for all of them."""
        ...


def company_of(resource: Resource) -> Company | None:
    """The resource's company; None where it is by itself."""
    found: Company | None = getattr(resource, "company", None)
    return found

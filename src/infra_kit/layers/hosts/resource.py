"""`hosts/ROLE/HOST`: a role on a host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import VerificationError
from infra_kit.layers.hosts.result import changes_of, text_of, worst
from infra_kit.plan.resource import Diff, Observed, Outcome, Unknown

if TYPE_CHECKING:
    from infra_kit.layers.hosts.knowledge import Knowledge
    from infra_kit.layers.hosts.role import Role
    from infra_kit.plan.company import Company
    from infra_kit.plan.resource import Disruption, ReadContext, RunContext

_WHY = {
    "never": "was never applied here",
    "begun": "a run began it here and did not end it",
    "interrupted": "a run began to change it here and did not end it",
    "role": "the role has changed since it was applied",
    "variables": "its variables have changed since it was applied",
}

_UNFINISHED = ("begun", "interrupted")
"""Whatever check mode says of these: it does not see everything that a task of theirs was to do."""


@dataclass(frozen=True)
class HostRole:
    """A role on a host.

    It is never created or deleted, only applied: infra-kit cannot take a role back, so what a role made stays where the inventory no longer
    asks for it, and a host that left the inventory is not touched.
    """

    role: Role
    host: str
    company: Company
    knowledge: Knowledge
    depends_on: frozenset[str] = frozenset()
    groups: frozenset[str] = field(default=frozenset())

    @property
    def id(self) -> str:
        """`hosts/ROLE/HOST`."""
        return f"hosts/{self.role.name}/{self.host}"

    @property
    def device(self) -> str:
        """The role's part of the host: the roles of a host are handed over at once, and the company applies them in their order."""
        return f"{self.host}/{self.role.name}"

    def read(self, context: ReadContext) -> Observed | Unknown:
        """Look at it alone."""
        found: list[Observed | Unknown] = []
        self.company.read([self], context, lambda _, state: found.append(state), lambda: False)
        return found[0]

    def diff(self, observed: Observed) -> Diff:
        """What the role would change.

        A role that would change nothing is in place, whoever brought that about. One that cannot tell all in check mode is taken as
        changed where it was never applied in this form; where it was, its reading is Unknown already.
        """
        state = observed.state
        changes = changes_of(state)
        untold = [*(f"task {task!r} cannot tell before it runs" for task in state["unknown"]), *filter(None, [state["failed"]])]
        if not changes and not untold and state["standing"] not in _UNFINISHED:
            return Diff("none", observed.remark)
        reasons = [_WHY.get(state["standing"], observed.remark), *untold]
        return Diff("update", "; ".join(reasons), changes, text_of(state), self.disruption(state))

    def disruption(self, state: dict[str, Any]) -> Disruption:
        """What applying it may do to what runs there: by the role, or by the tasks that would change something."""
        return worst(self.role.entry.disruption if state["changes"] else "none", state["disruption"])

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Apply it alone.

        Raises:
            InfraKitError: it failed.
        """
        results: list[Any] = []
        self.company.apply([(self, observed, diff)], context, lambda _, result: results.append(result))
        if not isinstance(results[0], Outcome):
            raise results[0]
        return results[0]

    def verify(self, context: RunContext) -> None:
        """See that no unit of the role has failed, by the look that was taken after it was applied.

        Ansible's modules look at what they set as they set it. A second check run would cost as much as the plan did, and would see the
        same; what it could add, a service that did not survive its new configuration, the cheap look sees too.

        Raises:
            VerificationError: a unit has failed.
        """
        del context
        if failed := self.knowledge.failed_units(self):
            raise VerificationError(
                self.host,
                f"after role {self.role.name} these units have failed: {', '.join(failed)}",
                remedy=f"`journalctl -u {failed[0]}` on the host says why; then apply again",
            )

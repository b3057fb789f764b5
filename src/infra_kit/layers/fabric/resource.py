"""One switch's configuration as a resource of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import NoSecretError, SecretError, VerificationError
from infra_kit.layers.fabric.client import SwitchReader, SwitchWriter
from infra_kit.layers.fabric.interruptions import interruptions
from infra_kit.layers.fabric.push import Push
from infra_kit.layers.fabric.remediation import compare, managed
from infra_kit.layers.fabric.secret_lines import Masking
from infra_kit.layers.fabric.state import read_state
from infra_kit.layers.fabric.tree import parse, print_tree
from infra_kit.plan.resource import Change, Diff, Observed, Outcome, RunContext, Unknown

if TYPE_CHECKING:
    from infra_kit.layers.fabric.intent import Intent
    from infra_kit.plan.resource import ReadContext

UNSAVED = "unsaved configuration: a reload would bring back an older one"


@dataclass(frozen=True)
class SwitchConfiguration:
    """`fabric/config/NAME`."""

    intent: Intent

    @property
    def id(self) -> str:
        """`fabric/config/NAME`."""
        return f"fabric/config/{self.device}"

    @property
    def device(self) -> str:
        """The switch."""
        return self.intent.switch.name

    @property
    def depends_on(self) -> frozenset[str]:
        """Nothing: switches keep each other up by their groups."""
        return frozenset()

    @property
    def groups(self) -> frozenset[str]:
        """Never both halves of a VLT pair, never two spines at once."""
        switch = self.intent.switch
        if switch.vlt is not None:
            return frozenset({f"vlt:{switch.vlt.pair}"})
        return frozenset({"spines"}) if switch.role == "spine" else frozenset()

    def read(self, context: ReadContext) -> Observed | Unknown:
        """The managed part of the running configuration, secrets masked, and whether it is saved.

        Raises:
            NoSecretError: a reference of the configuration leads nowhere; the switch has not been asked.
        """
        try:
            masking = Masking(self.intent.secret_lines, context.connections.access.secrets.resolve)
        except SecretError as error:
            raise NoSecretError(self.device, f"{error.where}: {error.what}", remedy=error.remedy) from error
        state = read_state(self._client(context), self.intent.switch)
        running = managed(self.intent, masking.mask(state.running))
        return Observed({"running": list(print_tree(running)), "saved": state.saved})

    def diff(self, observed: Observed) -> Diff:
        """The unified diff, the blocks that change, and what the change interrupts."""
        state: dict[str, Any] = observed.state
        running = parse(state["running"])
        up = frozenset(child.text for child in running.children if child.text.startswith("interface ") and _is_up(child.children))
        change = compare(running, self.intent.wanted)
        unsaved = () if state["saved"] else (Change("startup-configuration", "differs from the running one", "saved"),)
        if not change.lines:
            return Diff("update", UNSAVED, unsaved) if unsaved else Diff("none")
        blocks = len(change.changes)
        reason = "; ".join([f"{blocks} block{'s' if blocks > 1 else ''} to change", *interruptions(change.lines, up)])
        return Diff("update", reason, (*change.changes, *unsaved), change.text)

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Back up, push, verify, save; put back on failure."""
        del observed, diff  # computed again from what the switch runs now: an earlier attempt may have half happened
        writer = context.connections.client(self.device, "ssh", SwitchWriter, SwitchWriter.open)
        sent = Push(self.intent, writer, context.connections.access.secrets, context.folder).run()
        return Outcome("done", f"{sent} lines sent, saved" if sent else "saved")

    def verify(self, context: RunContext) -> None:
        """Read again: nothing is left to change, and it is saved."""
        observed = self.read(context)
        if isinstance(observed, Unknown):
            raise VerificationError(self.device, observed.reason)
        diff = self.diff(observed)
        if diff.action != "none":
            raise VerificationError(self.device, f"not as intended after the change: {diff.reason}")

    def _client(self, context: ReadContext) -> SwitchReader:
        if isinstance(context, RunContext):  # one session a switch while it is changed
            return context.connections.client(self.device, "ssh", SwitchWriter, SwitchWriter.open)
        return context.connections.client(self.device, "ssh", SwitchReader, SwitchReader.open)


def _is_up(children: Any) -> bool:
    return any(child.text == "¬ shutdown" for child in children)

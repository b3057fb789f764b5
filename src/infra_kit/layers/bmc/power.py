"""`bmc/power/NAME`: a server is on or off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import DeviceError, VerificationError
from infra_kit.layers.bmc import waiting
from infra_kit.plan.resource import Change, Diff, Observed, Outcome

if TYPE_CHECKING:
    from infra_kit.layers.bmc.target import Target
    from infra_kit.layers.bmc.writer import BmcWriter
    from infra_kit.plan.resource import ReadContext, RunContext

_HEADING = {"On": "on", "PoweringOn": "on", "Off": "off", "PoweringOff": "off"}


@dataclass(frozen=True, slots=True)
class Power:
    """The power state. A server to be on is switched on before its settings are changed, one to be off after."""

    target: Target

    @property
    def id(self) -> str:
        """`bmc/power/NAME`."""
        return self.target.id("power")

    @property
    def device(self) -> str:
        """The server."""
        return self.target.name

    @property
    def depends_on(self) -> frozenset[str]:
        """Its identity; to be switched off, also the settings that need it on."""
        settings = ("bios", "boot") if self.target.server.power == "off" else ()
        return frozenset(self.target.id(kind) for kind in ("identity", *settings))

    @property
    def groups(self) -> frozenset[str]:
        """Its role's."""
        return frozenset({self.target.group})

    def read(self, context: ReadContext) -> Observed:
        """Read the power state.

        Raises:
            DeviceError: it cannot be read, or is another server's.
        """
        state = self.target.read(context).power
        return Observed({"power": _HEADING.get(state, state)})

    def diff(self, observed: Observed) -> Diff:
        """Compare; only switching off takes something away from anybody."""
        wanted, found = self.target.server.power, observed.state["power"]
        if found == wanted:
            return Diff("none")
        return Diff("update", changes=[Change("power", found, wanted)], disruption="reboot" if wanted == "off" else "none")

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Switch on; switch off only with consent, and never by force.

        Raises:
            DeviceError: it does not become so in time.
        """
        del observed, diff
        wanted = self.target.server.power
        writer = self.target.writer(context)
        if _is(writer, wanted):
            return Outcome(message=f"already {wanted}")
        if wanted == "off" and not context.allow_reboot:
            return Outcome("staged", "switching off waits for --allow-reboot")
        writer.reset("On" if wanted == "on" else "GracefulShutdown")
        patience = waiting.PATIENCE.power_s if wanted == "on" else waiting.PATIENCE.graceful_s
        if not waiting.until(
            lambda: _is(writer, wanted), patience, waiting.Vigil(self.device, context.interrupted), f"the server to be {wanted}"
        ):
            raise DeviceError(
                self.device,
                f"not {wanted} within {patience:.0f} s",
                remedy="shut its operating system down by hand" if wanted == "off" else "look at the power supplies and the Lifecycle log",
            )
        return Outcome(message=f"switched {wanted}")

    def verify(self, context: RunContext) -> None:
        """Read again.

        Raises:
            VerificationError: the state is another, and consent to change it was given.
        """
        found = _HEADING.get(self.target.read(context, fresh=True).power)
        wanted = self.target.server.power
        if found != wanted and not (wanted == "off" and not context.allow_reboot):
            raise VerificationError(self.device, f"power is {found}, wanted {wanted}", remedy="look at the BMC's Lifecycle log")


def _is(writer: BmcWriter, wanted: str) -> bool:
    return writer.server(fresh=True).power == wanted.capitalize()

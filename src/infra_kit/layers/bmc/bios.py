"""`bmc/bios/NAME`: the BIOS attributes of a server's profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import RefusedError, VerificationError
from infra_kit.layers.bmc import waiting
from infra_kit.layers.bmc.refusal import AttributesRefusedError
from infra_kit.plan.resource import Change, Diff, Observed, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.layers.bmc.profiles import Attributes
    from infra_kit.layers.bmc.readings import Job
    from infra_kit.layers.bmc.target import Target
    from infra_kit.layers.bmc.writer import BmcWriter
    from infra_kit.plan.resource import ReadContext, RunContext

RULING = "SysProfile"
"""The attribute that decides which others can be set (only while it is Custom); it may have to take effect first."""
PASSES = 3
"""A reset for what somebody else left pending, one for the ruling attribute, one for the rest."""


@dataclass(frozen=True, slots=True)
class Bios:
    """BIOS attributes; every other attribute of the server keeps its value.

    Args:
        target: the server.
        wanted: the attributes it shall have.
    """

    target: Target
    wanted: Attributes

    @property
    def id(self) -> str:
        """`bmc/bios/NAME`."""
        return self.target.id("bios")

    @property
    def device(self) -> str:
        """The server."""
        return self.target.name

    @property
    def depends_on(self) -> frozenset[str]:
        """Its identity; and its power, if it shall be on: settings take effect at a boot."""
        return frozenset(self.target.id(kind) for kind in ("identity", *(("power",) if self.target.server.power == "on" else ())))

    @property
    def groups(self) -> frozenset[str]:
        """Its role's: a change resets the server."""
        return frozenset({self.target.group})

    def read(self, context: ReadContext) -> Observed:
        """Read the attributes in effect, and those that wait for a reset.

        Raises:
            DeviceError: they cannot be read, or are another server's.
        """
        self.target.read(context)
        reader = self.target.reader(context)
        bios = reader.bios()
        state: dict[str, Any] = {
            "attributes": {name: bios.attributes[name] for name in self.wanted if name in bios.attributes},
            "pending": dict(bios.pending),
        }
        if bios.pending:
            job = reader.open_job()
            state["job"] = job.id if job else None
        return Observed(state)

    def diff(self, observed: Observed) -> Diff:
        """Old and new value of each attribute that is not, or after the next reset would not be, as wanted."""
        attributes, pending = observed.state["attributes"], observed.state["pending"]
        changes = [
            Change(f"attributes.{name}", attributes.get(name), value)
            for name, value in self.wanted.items()
            if attributes.get(name) != value
        ]
        undone = {name: value for name, value in self.wanted.items() if attributes.get(name) == value and pending.get(name, value) != value}
        changes += [Change(f"pending.{name}", pending[name], value) for name, value in undone.items()]
        if not changes:
            return Diff("none")
        return Diff("update", reason=self._reason(observed.state, set(undone)), changes=changes, disruption="reboot")

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Stage what is missing; with consent reset the server, wait for the job, and go on with what the reset made possible.

        Raises:
            AttributesRefusedError: the BIOS does not take an attribute; the BMC's reason is in it.
            DeviceError: the BMC fails, another's change is in the way, the job fails or does not end in time.
        """
        del observed, diff
        writer = self.target.writer(context)
        done: list[str] = []
        for _ in range(PASSES):
            job = self._idle_job(writer, done, context)
            later = self._stage(writer, job, context)
            job = writer.open_job()
            if job is None:
                break
            if not self._may_reset(context):
                return Outcome("staged", self._staged(job, later, context))
            done.append(waiting.run_job(writer, job, context.interrupted))
        return Outcome(message="; ".join(done) or "already as wanted")

    def verify(self, context: RunContext) -> None:
        """Read again.

        Raises:
            VerificationError: attributes are neither in effect nor staged.
        """
        self.target.read(context, fresh=True)
        reader = self.target.reader(context)
        bios = reader.bios()
        if not self._may_reset(context) and bios.pending and reader.open_job() is not None:
            return
        wrong = [
            f"{name} is {bios.attributes.get(name)}, wanted {value}"
            for name, value in self.wanted.items()
            if bios.attributes.get(name) != value
        ]
        if wrong:
            raise VerificationError(
                self.device,
                f"BIOS attributes have not taken effect: {'; '.join(wrong)}",
                remedy="look at the BMC's Lifecycle log; apply again",
            )

    def _reason(self, state: Mapping[str, Any], undone: set[str]) -> str:
        reasons = []
        absent = [name for name in self.wanted if name not in state["attributes"]]
        if absent:
            reasons.append(f"this BIOS has no attribute {', '.join(absent)}")
        if undone:
            reasons.append(f"a pending change would undo {', '.join(sorted(undone))} at the next reset")
        staged = [
            name for name, value in self.wanted.items() if state["attributes"].get(name) != value and state["pending"].get(name) == value
        ]
        if staged:
            where = f"job {state['job']} waits for a reset" if state.get("job") else "no job has been made for them yet"
            reasons.append(f"staged: {', '.join(staged)}; {where}")
        foreign = sorted(set(state["pending"]) - set(self.wanted))
        if foreign:
            reasons.append(f"somebody else's pending changes take effect with the same reset: {', '.join(foreign)}")
        return "; ".join(reasons)

    def _may_reset(self, context: RunContext) -> bool:
        return context.allow_reboot and self.target.server.power == "on"

    def _idle_job(self, writer: BmcWriter, done: list[str], context: RunContext) -> Job | None:
        """The job that waits; one that runs is waited for first, because the BMC takes no change beside it."""
        job = writer.open_job()
        if job is not None and not job.waits:
            done.append(waiting.finish_job(writer, job.id, context.interrupted))
            job = writer.open_job()
        return job

    def _stage(self, writer: BmcWriter, job: Job | None, context: RunContext) -> list[str]:
        """Stage what is neither in effect nor pending; gives the attributes that can be set only after a reset."""
        bios = writer.bios()
        missing = {name: value for name, value in self.wanted.items() if bios.pending.get(name, bios.attributes.get(name)) != value}
        if not missing:
            if any(bios.attributes.get(name) != value for name, value in self.wanted.items()):
                writer.commit()
            return []
        if job is not None:
            if self._may_reset(context):
                return list(missing)
            raise RefusedError(
                self.device,
                f"configuration job {job.id} waits with other changes; the BMC takes no more until it has run",
                remedy="apply with --allow-reboot, or reset the server or delete the job, and apply again",
            )
        try:
            writer.stage_bios(missing)
        except AttributesRefusedError as refused:
            if RULING not in missing or RULING in refused.reasons:
                raise
            writer.stage_bios({RULING: missing[RULING]})
            return [name for name in missing if name != RULING]
        return []

    def _staged(self, job: Job, later: list[str], context: RunContext) -> str:
        wait = "the server is off; it takes effect at the next power-on" if context.allow_reboot else "a reset waits for --allow-reboot"
        rest = f"; {', '.join(later)} can be set only after that" if later else ""
        return f"staged as job {job.id}; {wait}{rest}"

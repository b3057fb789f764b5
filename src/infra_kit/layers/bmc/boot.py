"""`bmc/boot/NAME`: the order of a server's boot options."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import RefusedError, VerificationError
from infra_kit.layers.bmc import waiting
from infra_kit.plan.resource import Change, Diff, Observed, Outcome

if TYPE_CHECKING:
    from infra_kit.layers.bmc.reader import BmcReader
    from infra_kit.layers.bmc.readings import BootOption, Job, ServerState
    from infra_kit.layers.bmc.target import Target
    from infra_kit.plan.resource import ReadContext, RunContext

PASSES = 2
"""A reset for a job that is in the way, and one for the order."""
_REFERENCE = re.compile(r"Boot[0-9A-Fa-f]{4}$")
_SOURCES = (
    ("UefiHttp", re.compile(r"^HTTP Device|/Uri\(")),
    ("Pxe", re.compile(r"^PXE Device|/MAC\(|/IPv[46]\(")),
    ("Cd", re.compile(r"Optical|CD|DVD|CDROM\(", re.IGNORECASE)),
    ("Floppy", re.compile(r"Floppy", re.IGNORECASE)),
    ("Hdd", re.compile(r"(^|/)HD\(|Hard ?drive|Disk|RAID|BOSS|SSD", re.IGNORECASE)),
)
"""How a boot option that names no Redfish source (Alias) is recognised, by its display name or its UEFI device path."""


@dataclass(frozen=True, slots=True)
class BootOrder:
    """The boot order. Options that the inventory does not name keep their order, after those it names.

    Args:
        target: the server.
        wanted: boot option references (Boot0003) and sources (Hdd, Pxe, ...) in order.
    """

    target: Target
    wanted: tuple[str, ...]

    @property
    def id(self) -> str:
        """`bmc/boot/NAME`."""
        return self.target.id("boot")

    @property
    def device(self) -> str:
        """The server."""
        return self.target.name

    @property
    def depends_on(self) -> frozenset[str]:
        """Its identity, its power if it shall be on, and its BIOS, whose job must not wait beside this one's."""
        return frozenset(self.target.id(kind) for kind in ("identity", "bios", *(("power",) if self.target.server.power == "on" else ())))

    @property
    def groups(self) -> frozenset[str]:
        """Its role's: a change resets the server."""
        return frozenset({self.target.group})

    def read(self, context: ReadContext) -> Observed:
        """Read the order, what the options are, and an order that waits for a reset.

        Raises:
            DeviceError: it cannot be read, or is another server's.
        """
        return Observed(self._read(self.target.reader(context), self.target.read(context)))

    def diff(self, observed: Observed) -> Diff:
        """The order there is and the one there should be."""
        order = observed.state["order"]
        wanted, absent = arranged(self.wanted, order, observed.state["kinds"])
        reasons = [f"there is no boot option {', '.join(absent)} on this server"] if absent else []
        if wanted == order and not [name for name in absent if _REFERENCE.match(name)]:
            return Diff("none", reason="; ".join(reasons))
        if observed.state["pending"]:
            whose = "it" if observed.state["pending"] == wanted else f"another order ({', '.join(observed.state['pending'])})"
            reasons.append(f"{whose} is staged and waits for a reset")
        return Diff(
            "update", reason="; ".join(reasons), changes=[Change("boot.order", order, [*wanted, *_missing(absent)])], disruption="reboot"
        )

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Stage the order; with consent reset the server and wait for the job.

        Raises:
            RefusedError: an option that the inventory names does not exist.
            DeviceError: the BMC fails, or the job does.
        """
        del observed, diff
        writer = self.target.writer(context)
        state = self._read(writer, writer.server(fresh=True))
        wanted, absent = arranged(self.wanted, state["order"], state["kinds"])
        if _missing(absent):
            raise RefusedError(
                self.device, f"there is no boot option {', '.join(_missing(absent))}", remedy=f"name some of {', '.join(state['order'])}"
            )
        may_reset = context.allow_reboot and self.target.server.power == "on"
        done: list[str] = []
        for _ in range(PASSES):
            if wanted == state["order"]:
                break
            job = writer.open_job()
            if job is None:
                writer.stage_boot_order(wanted)
                job, state["pending"] = writer.open_job(), wanted
            if not may_reset:
                return Outcome("staged", self._staged(job, state["pending"] == wanted, context))
            if job is not None:
                done.append(waiting.run_job(writer, job, context.interrupted))
            state = self._read(writer, writer.server(fresh=True))
        return Outcome(message="; ".join(done) or "already as wanted")

    def verify(self, context: RunContext) -> None:
        """Read again.

        Raises:
            VerificationError: the order is neither in effect nor waiting for a reset.
        """
        reader = self.target.reader(context)
        state = self._read(reader, self.target.read(context, fresh=True))
        wanted, _ = arranged(self.wanted, state["order"], state["kinds"])
        waits = not context.allow_reboot or self.target.server.power == "off"
        if wanted != state["order"] and not (waits and reader.open_job() is not None):
            raise VerificationError(
                self.device,
                f"the boot order is {' '.join(state['order'])}, wanted {' '.join(wanted)}",
                remedy="look at the BMC's Lifecycle log",
            )

    def _read(self, reader: BmcReader, server: ServerState) -> dict[str, Any]:
        order = list(server.boot_order)
        # References need no look at what the options are, which saves a request a server.
        named = all(_REFERENCE.match(name) for name in self.wanted)
        kinds = {} if named else {option.reference: kind_of(option) for option in reader.boot_options()}
        wanted, _ = arranged(self.wanted, order, kinds)
        return {"order": order, "kinds": kinds, "pending": reader.pending_boot_order(order) if wanted != order else []}

    @staticmethod
    def _staged(job: Job | None, ours: bool, context: RunContext) -> str:
        if job is not None and not ours:
            return f"configuration job {job.id} waits for a reset first; the boot order is set after it"
        why = "the server is off; it takes effect at the next power-on" if context.allow_reboot else "a reset waits for --allow-reboot"
        return f"staged as job {job.id}; {why}" if job else why


def arranged(wanted: tuple[str, ...], order: list[str], kinds: dict[str, str]) -> tuple[list[str], list[str]]:
    """The order with the wanted options first, and the wanted names that no option answers to.

    Args:
        wanted: references and sources in order.
        order: the references there are, in their present order.
        kinds: reference -> source.
    """
    front: list[str] = []
    absent: list[str] = []
    for name in wanted:
        found = [reference for reference in order if name in (reference, kinds.get(reference))]
        front += [reference for reference in found if reference not in front]
        if not found:
            absent.append(name)
    return front + [reference for reference in order if reference not in front], absent


def kind_of(option: BootOption) -> str:
    """The Redfish source (Hdd, Pxe, Cd, ...) of a boot option; empty where it is none of them."""
    if option.alias:
        return option.alias
    for kind, pattern in _SOURCES:
        if pattern.search(option.name) or pattern.search(option.path):
            return kind
    return ""


def _missing(absent: list[str]) -> list[str]:
    """The options named by reference that do not exist: wrong, while a source without an option (no disk yet) is not."""
    return [name for name in absent if _REFERENCE.match(name)]

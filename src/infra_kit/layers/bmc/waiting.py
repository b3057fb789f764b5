"""Bounded, interruptible waiting for a server: for a power state, and for the job that a reset sets going."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import DeviceError, UnreachableError
from infra_kit.plan.interruption import WaitInterruptedError
from infra_kit.plan.resource import never

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.layers.bmc.readings import Job
    from infra_kit.layers.bmc.writer import BmcWriter


@dataclass(slots=True)
class Patience:
    """How long is waited, in seconds."""

    poll_s: float = 5.0
    """Between two looks at most, give or take a fifth; the first ones come sooner."""
    graceful_s: float = 300.0
    """For an operating system to shut down when asked (the vendor's own Ansible module waits as long)."""
    power_s: float = 120.0
    """For a server to change its power state."""
    job_s: float = 1800.0
    """For a BIOS configuration job, once the server has been reset (a boot with 32 DIMMs takes many minutes)."""

    system_s: float = 900.0
    """For an operating system that ran before the reset to run again."""


PATIENCE = Patience()
RUNNING = "OSRunning"
_FIRST_POLL_S = 0.2
_GROWTH = 1.6
_SLICE_S = 0.2
"""How long nobody looks whether the run was told to stop."""


@dataclass(frozen=True, slots=True)
class Vigil:
    """A server that is waited for, and who may call it off.

    Args:
        device: the server.
        interrupted: whether the run was told to stop.
        job: the job in the BMC's queue that the waiting is about, if there is one.
    """

    device: str
    interrupted: Callable[[], bool] = never
    job: str = ""

    def pause(self, seconds: float, awaited: str) -> None:
        """Sleep, unless called off.

        Raises:
            WaitInterruptedError: called off.
        """
        end = time.monotonic() + seconds
        while True:
            if self.interrupted():
                stays = f"; job {self.job} stays in the BMC's queue" if self.job else ""
                raise WaitInterruptedError(
                    self.device, f"interrupted while waiting for {awaited}{stays}", remedy="`infra-kit apply --resume` goes on from there"
                )
            rest = end - time.monotonic()
            if rest <= 0:
                return
            time.sleep(min(rest, _SLICE_S))


def until(true: Callable[[], bool], seconds: float, vigil: Vigil, awaited: str) -> bool:
    """Look until something is true or the time is over; says which.

    A BMC that does not answer for a moment, as they do during a reset, is looked at again.

    Args:
        true: looks.
        seconds: how long at most.
        vigil: the server, and who may call the waiting off.
        awaited: what is waited for, in words.

    Raises:
        DeviceError: the BMC answers with an error.
        UnreachableError: it has not answered at all since the last time allowed.
        WaitInterruptedError: the run was told to stop.
    """
    deadline = time.monotonic() + seconds
    pause = min(_FIRST_POLL_S, PATIENCE.poll_s)
    while True:
        try:
            if true():
                return True
        except UnreachableError:
            if time.monotonic() >= deadline:
                raise
        if time.monotonic() >= deadline:
            return False
        vigil.pause(pause * random.uniform(0.8, 1.2), awaited)  # noqa: S311  jitter, not a secret
        pause = min(pause * _GROWTH, PATIENCE.poll_s)


def run_job(writer: BmcWriter, job: Job, interrupted: Callable[[], bool] = never) -> str:
    """Reset the server so that the waiting job runs, and wait for its end, and for the operating system if one was running.

    An operating system that does not let itself be shut down, or none, is reset by force: the operator has allowed the reset.
    Waiting for it to come back is what keeps two masters from being down at once.

    Returns:
        What was done, for the journal.

    Raises:
        DeviceError: the job failed or did not end in time, or the operating system did not come back.
        WaitInterruptedError: the run was told to stop.
    """
    device = writer.endpoint.device
    ran = writer.server(fresh=True).boot_progress == RUNNING
    begun = _reset_for(writer, job, Vigil(device, interrupted, job.id)) if job.waits else "the job was already running"
    done = [begun, finish_job(writer, job.id, interrupted)]
    if ran:
        if not until(
            lambda: writer.server(fresh=True).boot_progress == RUNNING,
            PATIENCE.system_s,
            Vigil(device, interrupted),
            f"the operating system ({done[1]})",
        ):
            raise DeviceError(
                device,
                f"{done[1]}, but the operating system has not come back within {PATIENCE.system_s:.0f} s",
                remedy="look at the server's console; the next server is not touched until this one is mended",
            )
        done.append("operating system running")
    return "; ".join(done)


def finish_job(writer: BmcWriter, identity: str, interrupted: Callable[[], bool] = never) -> str:
    """Wait for the end of a job that runs.

    Raises:
        DeviceError: it failed or did not end in time.
        WaitInterruptedError: the run was told to stop.
    """
    device = writer.endpoint.device
    last: list[Job] = []

    def ended() -> bool:
        last[:] = [writer.job(identity)]
        return last[0].state.startswith(("Completed", "Failed"))

    if not until(ended, PATIENCE.job_s, Vigil(device, interrupted, identity), f"job {identity} to end"):
        raise DeviceError(
            device,
            f"job {identity} is {last[0].state} after {PATIENCE.job_s:.0f} s: {last[0].message}",
            remedy="look at the server's console; the job stays in the BMC's queue, apply again when it has ended",
        )
    if last[0].state != "Completed":
        raise DeviceError(device, f"job {identity} ended as {last[0].state}: {last[0].message}", remedy="the BMC's Lifecycle log says why")
    return f"job {identity} completed"


def _reset_for(writer: BmcWriter, job: Job, vigil: Vigil) -> str:
    def begun() -> bool:
        return not writer.job(job.id).waits

    beginning = f"job {job.id} to begin"
    if writer.server(fresh=True).power in ("Off", "PoweringOff"):
        writer.reset("On")
        return "powered on" if until(begun, PATIENCE.power_s, vigil, beginning) else "powered on, the job has not begun yet"
    if _restarted(writer, vigil) and until(begun, PATIENCE.graceful_s, vigil, beginning):
        return "restarted gracefully"
    writer.reset("ForceRestart")
    return f"restarted by force, as the operating system did not shut down within {PATIENCE.graceful_s:.0f} s"


def _restarted(writer: BmcWriter, vigil: Vigil) -> bool:
    """Ask the operating system for a restart; where the BMC knows no such request, for a shutdown, and switch on after it."""
    if writer.restarts_gracefully():
        writer.reset("GracefulRestart")
        return True
    writer.reset("GracefulShutdown")
    awaited = "the operating system to shut down; the server is then off and not switched on again"
    if not until(lambda: writer.server(fresh=True).power == "Off", PATIENCE.graceful_s, vigil, awaited):
        return False
    writer.reset("On")
    return True

"""Power: reset requests, transitions that take their time, and what a boot does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from infra_kit.lab.redfish import jobs
from infra_kit.lab.redfish.attributes import factory_values
from infra_kit.lab.redfish.reply import Reply, refuse

if TYPE_CHECKING:
    from infra_kit.lab.redfish.bmc import EmulatedBmc

RESET_TYPES = ("On", "ForceOff", "ForceRestart", "GracefulRestart", "GracefulShutdown", "PushPowerButton", "Nmi", "PowerCycle")
_ON = frozenset({"On"})
_OFF = frozenset({"ForceOff", "GracefulShutdown"})
_RESTART = frozenset({"ForceRestart", "GracefulRestart", "PowerCycle"})


def shown(bmc: EmulatedBmc) -> str:
    """PowerState as the System resource gives it."""
    wanted = bmc.state.power_wanted
    return f"Powering{wanted}" if wanted else bmc.state.power


def boot_progress(bmc: EmulatedBmc) -> str:
    """How far the boot has come, as BootProgress.LastState gives it."""
    state = bmc.state
    if state.power_wanted or state.power == "Off":
        return "None"
    job = jobs.open_job(state)
    if job is not None and job["JobState"] == "Running":
        return "SystemHardwareInitializationComplete"
    return "OSRunning" if state.operating_system else "OEM"


def reset(bmc: EmulatedBmc, _path: str, body: dict[str, Any]) -> Reply:
    """ComputerSystem.Reset: 204, or 409 where the server already is as wanted."""
    kind = body.get("ResetType")
    if kind is None:
        raise refuse("property-missing", "ResetType")
    if kind not in RESET_TYPES:
        raise refuse("value-not-in-list", str(kind), "ResetType")
    state = bmc.state
    heading_on = (state.power_wanted or state.power) == "On" or state.restart
    if kind in _ON and heading_on:
        raise refuse("already-on")
    if kind in _OFF | _RESTART | {"Nmi"} and not heading_on:
        raise refuse("already-off")
    if kind != "Nmi":
        state.power_wanted = "Off" if heading_on else "On"
        state.power_due = time.time() + bmc.timing.power_s
        state.restart = kind in _RESTART
    return Reply(204)


def settle(bmc: EmulatedBmc) -> bool:
    """Let happen what is due by now; says whether anything has."""
    now = time.time()
    state = bmc.state
    changed = False
    while state.power_wanted and now >= state.power_due:
        changed = True
        state.power, state.power_wanted = state.power_wanted, ""
        if state.power == "On":
            _boot(bmc, now)
        elif state.restart:
            state.restart, state.power_wanted, state.power_due = False, "On", state.power_due + bmc.timing.power_s
    if not bmc.faults.stuck_jobs and jobs.finish(state, now, half=bmc.faults.half_apply):
        bmc.faults.half_apply = False
        changed = True
    return changed


def _boot(bmc: EmulatedBmc, now: float) -> None:
    state = bmc.state
    state.restart = False
    if state.boot.override_enabled == "Once":
        state.boot.override_enabled, state.boot.override_target = "Disabled", "None"
    if state.defaults_at_boot:
        state.defaults_at_boot = False
        state.bios = factory_values(state.model, state.service_tag, bmc.profile.processors.model)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S-00:00", time.gmtime(now))
        state.log.append({"Created": stamp, "MessageId": "UEFI0157", "Message": "The BIOS settings are reset to their defaults."})
    jobs.start(state, now, bmc.timing.job_s)

"""The job queue: configuration jobs wait for a reset, run during the boot, and stay in the list."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from infra_kit.lab.redfish.attributes import implied
from infra_kit.lab.redfish.paths import MANAGER, ROOT, SYSTEM
from infra_kit.lab.redfish.reply import Reply, accomplished, refuse

if TYPE_CHECKING:
    from infra_kit.lab.redfish.bmc import EmulatedBmc
    from infra_kit.lab.redfish.state import State

QUEUE = f"{MANAGER}/Oem/Dell/Jobs"
TASKS = f"{ROOT}/TaskService/Tasks"
SERVICE = f"{MANAGER}/Oem/Dell/DellJobService"
BIOS_SETTINGS = f"{SYSTEM}/Bios/Settings"
BOOT_SETTINGS = f"{SYSTEM}/Oem/Dell/DellBootSources/Settings"

_TASK_STATES = {"Scheduled": "Starting", "Running": "Running"}
_serial = itertools.count(int(time.time() * 1000) % 10**12)


def open_job(state: State) -> dict[str, Any] | None:
    """The configuration job that waits or runs, if there is one."""
    return next((job for job in state.jobs if job["JobState"] in ("Scheduled", "Running")), None)


def schedule(state: State) -> str:
    """Put a configuration job for what is pending into the queue; gives its id."""
    identity = f"JID_{next(_serial) % 10**12:012d}"
    state.jobs.append(
        {
            "Id": identity,
            "Name": "Configure: BIOS.Setup.1-1",
            "JobType": "BIOSConfiguration",
            "JobState": "Scheduled",
            "Message": "Task successfully scheduled.",
            "MessageId": "JCP001",
            "PercentComplete": 0,
            "StartTime": "TIME_NOW",
            "EndTime": "TIME_NA",
            "CompletionTime": None,
            "due": 0.0,
        }
    )
    return identity


def start(state: State, now: float, duration_s: float) -> None:
    """At a boot: the waiting job runs."""
    job = open_job(state)
    if job is not None and job["JobState"] == "Scheduled":
        job |= {"JobState": "Running", "Message": "Job in progress.", "MessageId": "PR20", "PercentComplete": 1, "due": now + duration_s}


def finish(state: State, now: float, *, half: bool) -> bool:
    """End the running job when its time is over, and let what was pending take effect.

    Args:
        state: the server.
        now: seconds since the epoch.
        half: only half of the attributes take effect, though the job says that it is complete.

    Returns:
        Whether a job ended.
    """
    job = open_job(state)
    if job is None or job["JobState"] != "Running" or now < job["due"]:
        return False
    names = sorted(state.pending)
    for name in names[: len(names) // 2] if half else names:
        state.bios[name] = state.pending[name]
        state.bios |= implied(name, state.pending[name])
    state.boot.order = state.pending_order or state.boot.order
    if state.pending_disabled is not None:
        state.boot.disabled = state.pending_disabled
    discard(state)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    job |= {
        "JobState": "Completed",
        "Message": "Job completed successfully.",
        "MessageId": "PR19",
        "PercentComplete": 100,
        "CompletionTime": stamp,
    }
    return True


def discard(state: State) -> None:
    """Forget what is pending."""
    state.pending.clear()
    state.pending_order = []
    state.pending_disabled = None


def queue(bmc: EmulatedBmc, path: str) -> list[str]:
    """The paths of all jobs under the collection at `path`."""
    return [f"{path}/{job['Id']}" for job in bmc.state.jobs]


def job_resource(bmc: EmulatedBmc, path: str, identity: str) -> dict[str, Any]:
    """One job as DellJob."""
    job = _find(bmc, path, identity)
    return {
        "@odata.id": path,
        "@odata.type": "#DellJob.v1_2_0.DellJob",
        "Description": "Job Instance",
        "MessageArgs": [],
        "MessageArgs@odata.count": 0,
        "TargetSettingsURI": None,
        **{key: value for key, value in job.items() if key != "due"},
    }


def task_resource(bmc: EmulatedBmc, path: str, identity: str) -> dict[str, Any]:
    """The same job as a Redfish task."""
    job = job_resource(bmc, path, identity)
    return {
        "@odata.id": path,
        "@odata.type": "#Task.v1_5_1.Task",
        "Id": identity,
        "Name": job["Name"],
        "Description": "Server Configuration and other Tasks running on iDRAC are listed here",
        "Messages": [{"Message": job["Message"], "MessageId": f"IDRAC.2.8.{job['MessageId']}", "MessageArgs": []}],
        "Oem": {"Dell": job},
        "PercentComplete": job["PercentComplete"],
        "TaskState": _TASK_STATES.get(job["JobState"], "Completed"),
        "TaskStatus": "OK",
    }


def create(bmc: EmulatedBmc, _path: str, body: dict[str, Any]) -> Reply:
    """POST to the queue: a job for the pending values of a settings resource."""
    target = body.get("TargetSettingsURI")
    if target is None:
        raise refuse("property-missing", "TargetSettingsURI")
    if target not in (BIOS_SETTINGS, BOOT_SETTINGS):
        raise refuse("value-not-in-list", str(target), "TargetSettingsURI")
    state = bmc.state
    if open_job(state) is not None:
        raise refuse("already-committed")
    if not state.pending and not state.pending_order:
        raise refuse("nothing-pending")
    identity = schedule(state)
    return accomplished(headers={"Location": f"{MANAGER}/Jobs/{identity}"})


def delete(bmc: EmulatedBmc, path: str, identity: str) -> Reply:
    """DELETE of a job; with a waiting job goes what is pending."""
    job = _find(bmc, path, identity)
    if job["JobState"] == "Running":
        raise refuse("job-running")
    if job["JobState"] == "Scheduled":
        discard(bmc.state)
    bmc.state.jobs.remove(job)
    return accomplished("job-removed")


def service(_bmc: EmulatedBmc) -> dict[str, Any]:
    """Dell's job service, which clears the queue."""
    action = "DellJobService.DeleteJobQueue"
    return {
        "@odata.id": SERVICE,
        "@odata.type": "#DellJobService.v1_2_0.DellJobService",
        "Actions": {f"#{action}": {"target": f"{SERVICE}/Actions/{action}"}},
        "Id": "Job Service",
        "Name": "DellJobService",
    }


def delete_queue(bmc: EmulatedBmc, path: str, body: dict[str, Any]) -> Reply:
    """DeleteJobQueue: one job, or all of them (JID_CLEARALL)."""
    wanted = body.get("JobID")
    if not isinstance(wanted, str):
        raise refuse("property-missing", "JobID")
    if not wanted.startswith("JID_CLEARALL"):
        return delete(bmc, path, wanted)
    if any(job["JobState"] == "Running" for job in bmc.state.jobs):
        raise refuse("job-running")
    bmc.state.jobs.clear()
    discard(bmc.state)
    return accomplished("job-removed")


def _find(bmc: EmulatedBmc, path: str, identity: str) -> dict[str, Any]:
    for job in bmc.state.jobs:
        if job["Id"] == identity:
            return job
    raise refuse("not-found", path)

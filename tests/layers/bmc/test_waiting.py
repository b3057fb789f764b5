import threading

import pytest

from infra_kit.inventory.errors import DeviceError, UnreachableError
from infra_kit.layers.bmc import waiting
from infra_kit.layers.bmc.readings import Job
from infra_kit.plan.interruption import WaitInterruptedError


def test_an_operating_system_that_ran_is_waited_for(run, stand):
    stand.bmcs["worker01"].tamper({"operating_system": True})
    assert run.apply("bmc/bios/worker01").message.endswith("operating system running")


@pytest.mark.badday
def test_an_operating_system_that_does_not_come_back_stops_the_rolling_change(run, stand, monkeypatch):
    from infra_kit.lab.redfish import power
    from infra_kit.layers.bmc import waiting

    waiting.PATIENCE.system_s = 0.1
    stand.bmcs["worker01"].tamper({"operating_system": True})
    boot = power._boot

    def breaking(bmc, now):
        bmc.state.operating_system = False
        boot(bmc, now)

    monkeypatch.setattr(power, "_boot", breaking)
    with pytest.raises(DeviceError, match="operating system has not come back"):
        run.apply("bmc/bios/worker01")


@pytest.mark.badday
def test_a_job_that_never_ends_is_given_up(run, stand):
    stand.bmcs["worker01"].faults.stuck_jobs = True
    with pytest.raises(DeviceError, match="is Running after"):
        run.apply("bmc/bios/worker01")
    stand.bmcs["worker01"].faults.stuck_jobs = False
    assert run.apply("bmc/bios/worker01").kind == "done"


@pytest.mark.badday
def test_an_interrupt_ends_the_wait_for_a_stuck_job_and_it_is_taken_up_again(run, stand, monkeypatch):
    monkeypatch.setattr(waiting.PATIENCE, "job_s", 1800.0)
    stand.bmcs["worker01"].faults.stuck_jobs = True
    looks = []

    def interrupted():
        looks.append(True)
        return len(looks) > 20

    with pytest.raises(
        WaitInterruptedError, match=r"interrupted while waiting for job JID_\d+ to end; job JID_\d+ stays in the BMC's queue"
    ):
        run.apply("bmc/bios/worker01", interrupted=interrupted)
    stand.bmcs["worker01"].faults.stuck_jobs = False
    assert run.apply("bmc/bios/worker01").kind == "done"


def test_a_pause_looks_whether_it_is_called_off():
    asked = threading.Event()
    vigil = waiting.Vigil("worker01", asked.is_set)
    threading.Timer(0.05, asked.set).start()
    with pytest.raises(WaitInterruptedError, match="interrupted while waiting for the operating system \\("):
        vigil.pause(600, "the operating system")


def test_an_operating_system_that_ignores_the_shutdown_is_reset_by_force(run, stand):
    from infra_kit.lab.redfish import power

    bmc = stand.bmcs["worker01"]
    original = power.reset

    def deaf(device, path, body):
        if body.get("ResetType") == "GracefulRestart":
            from infra_kit.lab.redfish.reply import Reply

            return Reply(204)
        return original(device, path, body)

    from unittest import mock

    from infra_kit.layers.bmc import waiting

    waiting.PATIENCE.graceful_s = 0.1
    with mock.patch.object(power, "reset", deaf):
        assert "by force" in run.apply("bmc/bios/worker01").message
    assert bmc.state.bios["SysProfile"] == "Custom"


class Queue:
    """A writer whose jobs go through these states."""

    def __init__(self, endpoint, *states):
        self.endpoint = endpoint
        self.states = list(states)

    def job(self, identity):
        state = self.states.pop(0)
        if isinstance(state, Exception):
            raise state
        return Job(identity, state, f"it is {state}")


@pytest.mark.parametrize("state", ["CompletedWithErrors", "Failed"])
def test_a_job_that_fails_is_told_in_its_own_words(endpoint, state):
    with pytest.raises(DeviceError, match=f"ended as {state}: it is {state}"):
        waiting.finish_job(Queue(endpoint, "Running", state), "JID_1")


def test_a_bmc_that_is_silent_for_a_moment_is_asked_again(endpoint):
    silent = UnreachableError("worker01", "no answer")
    assert waiting.finish_job(Queue(endpoint, "Running", silent, "Completed"), "JID_1") == "job JID_1 completed"


def test_a_bmc_that_stays_silent_is_given_up(endpoint, monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", waiting.Patience(poll_s=0, job_s=0))
    with pytest.raises(UnreachableError):
        waiting.finish_job(Queue(endpoint, UnreachableError("worker01", "no answer")), "JID_1")


def test_firmware_without_a_graceful_restart_is_shut_down_and_switched_on(run, stand, monkeypatch):
    from infra_kit.lab.redfish import power

    monkeypatch.setattr(power, "RESET_TYPES", tuple(kind for kind in power.RESET_TYPES if kind != "GracefulRestart"))
    assert "restarted gracefully" in run.apply("bmc/bios/worker01").message
    assert run.diff("bmc/bios/worker01").action == "none"


def test_such_firmware_with_a_deaf_operating_system_is_reset_by_force(run, stand, monkeypatch):
    from infra_kit.lab.redfish import power, routes
    from infra_kit.lab.redfish.reply import Reply

    waiting.PATIENCE.graceful_s = 0.1
    monkeypatch.setattr(power, "RESET_TYPES", tuple(kind for kind in power.RESET_TYPES if kind != "GracefulRestart"))
    original = power.reset

    def deaf(bmc, path, body):
        return Reply(204) if body.get("ResetType") == "GracefulShutdown" else original(bmc, path, body)

    monkeypatch.setattr(routes.power, "reset", deaf)
    assert "by force" in run.apply("bmc/bios/worker01").message

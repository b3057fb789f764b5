import pytest
from bmc_bench import ON_RESET, RESET, SYSTEM, said, stage

from infra_kit.lab.redfish.bmc import Timing


@pytest.mark.parametrize(
    ("power", "kind", "status", "identity"),
    [
        ("On", "On", 409, "PSU501"),
        ("Off", "ForceOff", 409, "PSU502"),
        ("Off", "GracefulRestart", 409, "PSU502"),
        ("On", "Sideways", 400, "SYS426"),
        ("On", None, 400, "PropertyMissing"),
        ("On", "Nmi", 204, None),
        ("Off", "PushPowerButton", 204, None),
        ("On", "PushPowerButton", 204, None),
    ],
)
def test_reset_requests(stand, client, power, kind, status, identity):  # noqa: PLR0913  a table of cases
    stand.bmcs["worker01"].tamper({"power": power})
    answer = client.post(RESET, json={"ResetType": kind} if kind else {})
    assert answer.status_code == status
    assert identity is None or said(answer)[0][0] == identity


def test_a_power_transition_is_seen(stand, client):
    stand.bmcs["worker01"].timing = Timing(power_s=30.0, job_s=0)
    client.post(RESET, json={"ResetType": "ForceOff"})
    assert client.get(SYSTEM).json()["PowerState"] == "PoweringOff"
    assert client.post(RESET, json={"ResetType": "ForceOff"}).status_code == 409


def test_the_boot_can_be_followed(stand, client):
    def progress():
        return client.get(SYSTEM).json()["BootProgress"]["LastState"]

    bmc = stand.bmcs["worker01"]
    assert progress() == "OEM"
    bmc.tamper({"operating_system": True})
    assert progress() == "OSRunning"
    stage(client, {"LogicalProc": "Disabled"}, **ON_RESET)
    bmc.faults.stuck_jobs = True
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert progress() == "SystemHardwareInitializationComplete"
    bmc.tamper({"power": "Off"})
    assert progress() == "None"

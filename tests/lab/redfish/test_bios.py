from bmc_bench import BIOS, JOBS, ON_RESET, RESET, ROOT, SYSTEM, attributes, said, stage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_kit.lab.redfish.attributes import entries


def test_pending_values_take_effect_at_the_reset_and_not_before(client):
    answer = stage(client, {"SysProfile": "Custom", "ProcPwrPerf": "MaxPerf"}, **ON_RESET)
    assert answer.status_code == 202
    task = answer.headers["Location"]
    assert client.get(task).json()["TaskState"] == "Starting"
    assert attributes(client)["SysProfile"] == "PerfPerWattOptimizedOs"
    assert client.get(f"{BIOS}/Settings").json()["Attributes"] == {"SysProfile": "Custom", "ProcPwrPerf": "MaxPerf"}
    assert client.post(RESET, json={"ResetType": "GracefulRestart"}).status_code == 204
    assert attributes(client)["ProcPwrPerf"] == "MaxPerf"
    assert client.get(f"{BIOS}/Settings").json()["Attributes"] == {}
    assert client.get(task).json()["TaskState"] == "Completed"


def test_values_without_a_job_survive_a_reset_unapplied(client):
    assert stage(client, {"LogicalProc": "Disabled"}).status_code == 200
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert attributes(client)["LogicalProc"] == "Enabled"
    made = client.post(JOBS, json={"TargetSettingsURI": f"{BIOS}/Settings"})
    assert made.status_code == 200
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert attributes(client)["LogicalProc"] == "Disabled"


def test_beside_a_waiting_job_nothing_can_be_set(client):
    stage(client, {"LogicalProc": "Disabled"}, **ON_RESET)
    for answer in (
        stage(client, {"ProcVirtualization": "Disabled"}),
        client.post(JOBS, json={"TargetSettingsURI": f"{BIOS}/Settings"}),
        client.post(f"{BIOS}/Settings/Actions/Oem/DellManager.ClearPending", json={}),
        client.patch(SYSTEM, json={"Boot": {"BootOrder": ["Boot0003", "Boot0002", "Boot0004"]}}),
        client.patch(SYSTEM, json={"Boot": {"BootSourceOverrideMode": "Legacy"}}),
    ):
        assert answer.status_code == 400
        assert said(answer)[0][0] == "SYS011"


def test_clear_pending_and_defaults(client):
    stage(client, {"LogicalProc": "Disabled"})
    assert client.post(f"{BIOS}/Settings/Actions/Oem/DellManager.ClearPending", json={}).status_code == 200
    assert client.get(f"{BIOS}/Settings").json()["Attributes"] == {}
    stage(client, {"LogicalProc": "Disabled"}, **ON_RESET)
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert attributes(client)["LogicalProc"] == "Disabled"
    client.post(f"{BIOS}/Actions/Bios.ResetBios", json={})
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert attributes(client)["LogicalProc"] == "Enabled"
    log = client.get(f"{ROOT}/Managers/iDRAC.Embedded.1/LogServices/Lclog/Entries", params={"$filter": "MessageId eq 'UEFI0157'"})
    assert log.json()["Members@odata.count"] == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([*entries(), "Bogus"]), st.one_of(st.integers(), st.text(max_size=5), st.booleans(), st.none(), st.floats())
    )
)
def test_a_patch_is_taken_whole_or_not_at_all(stand, values):
    from infra_kit.lab.redfish import bios, jobs
    from infra_kit.lab.redfish.reply import Refusal

    bmc = stand.bmcs["worker01"]
    jobs.discard(bmc.state)
    try:
        bios.change(bmc, "", {"Attributes": values})
    except Refusal:
        assert bmc.state.pending == {}
    else:
        assert bmc.state.pending == values

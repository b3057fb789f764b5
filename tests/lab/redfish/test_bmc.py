"""The emulated BMC by itself: what it answers, refuses, remembers."""

import ssl

import bmc_bench
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_kit.lab.redfish import build
from infra_kit.lab.redfish.attributes import entries, factory_values
from infra_kit.lab.redfish.bmc import Timing

ROOT = "/redfish/v1"
SYSTEM = f"{ROOT}/Systems/System.Embedded.1"
BIOS = f"{SYSTEM}/Bios"
RESET = f"{SYSTEM}/Actions/ComputerSystem.Reset"
JOBS = f"{ROOT}/Managers/iDRAC.Embedded.1/Oem/Dell/Jobs"
ON_RESET = {"@Redfish.SettingsApplyTime": {"ApplyTime": "OnReset"}}


def client_of(stand, name="worker01", auth=(bmc_bench.USER, bmc_bench.PASSWORD)):
    trust = ssl.create_default_context(cafile=str(stand.authority.certificate_file))
    return httpx.Client(base_url=f"https://127.0.0.1:{stand.ports[name]}", verify=trust, auth=auth, trust_env=False)


@pytest.fixture
def client(stand):
    with client_of(stand) as up:
        yield up


def said(response):
    body = response.json()
    return [(entry["MessageId"].rpartition(".")[2], entry["Message"]) for entry in body.get("error", body)["@Message.ExtendedInfo"]]


def attributes(client):
    return client.get(BIOS).json()["Attributes"]


def stage(client, values, **more):
    return client.patch(f"{BIOS}/Settings", json={"Attributes": values, **more})


def test_every_link_leads_somewhere(client):
    seen, todo = set(), [ROOT]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.json().get("@odata.id", path) == path
        todo += [link for link in links(answer.json()) if "#" not in link]
    assert len(seen) > 50


def links(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "@odata.id":
                yield inner
            else:
                yield from links(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from links(inner)


def test_a_server_is_what_the_inventory_says(client):
    system = client.get(SYSTEM).json()
    assert (system["Model"], system["SKU"], system["PowerState"]) == ("PowerEdge R6515", "TAG0003", "On")
    memory = client.get(f"{SYSTEM}/Memory?$expand=*($levels=1)").json()["Members"]
    assert sum(module["CapacityMiB"] for module in memory) == 256 * 1024


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


def test_a_profile_brings_its_sub_attributes(client):
    stage(client, {"SysProfile": "PerfOptimized"}, **ON_RESET)
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert attributes(client)["ProcCStates"] == "Disabled"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"Bogus": "1"}, ("PropertyUnknown", "Attribute does not exist.")),
        ({"Proc1Brand": "Z80"}, ("SYS410", "Read only Attribute cannot be modified.")),
        ({"ProcPwrPerf": "MaxPerf"}, ("SYS410", "Read only Attribute cannot be modified.")),
        ({"LogicalProc": "Sideways"}, ("SYS409", "Invalid value for Enumeration.")),
        ({"LogicalProc": 1}, ("SYS409", "Invalid value for Enumeration.")),
        ({"NumaNodesPerSocket": 1}, ("SYS409", "Invalid value for Enumeration.")),
        ({"PxeDev1VlanId": "7"}, ("SYS409", "Not a valid integer.")),
        ({"PxeDev1VlanId": True}, ("SYS409", "Not a valid integer.")),
        ({"PxeDev1VlanId": 4095}, ("SYS409", "Integer out of valid range.")),
        (
            {"AssetTag": 5},
            ("PropertyValueTypeError", "The value 5 for the property AssetTag is of a different type than the property can accept."),
        ),
    ],
)
def test_what_the_bios_does_not_take(client, values, message):
    answer = stage(client, {**values, "ProcVirtualization": "Disabled"}, **ON_RESET)
    assert answer.status_code == 400
    assert said(answer) == [message]
    assert client.get(f"{BIOS}/Settings").json()["Attributes"] == {}


def test_the_registry_says_what_is_read_only_now(client):
    def read_only():
        rows = client.get(f"{BIOS}/BiosRegistry").json()["RegistryEntries"]["Attributes"]
        return {row["AttributeName"] for row in rows if row["ReadOnly"]}

    assert "ProcPwrPerf" in read_only()
    stage(client, {"SysProfile": "Custom"}, **ON_RESET)
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert "ProcPwrPerf" not in read_only()
    assert "Proc1Brand" in read_only()
    assert "DlwmForcedWidth" in read_only()


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


def test_deleting_a_waiting_job_forgets_its_values(client):
    task = stage(client, {"LogicalProc": "Disabled"}, **ON_RESET).headers["Location"]
    identity = task.rpartition("/")[2]
    assert client.delete(f"{JOBS}/{identity}").status_code == 200
    assert client.get(f"{BIOS}/Settings").json()["Attributes"] == {}
    assert client.get(f"{JOBS}/{identity}").status_code == 404
    assert client.delete(f"{JOBS}/{identity}").status_code == 404


def test_a_running_job_cannot_be_deleted(stand, client):
    identity = stage(client, {"LogicalProc": "Disabled"}, **ON_RESET).headers["Location"].rpartition("/")[2]
    assert client.get(f"{JOBS}/{identity}").json()["JobState"] == "Scheduled"
    stand.bmcs["worker01"].faults.stuck_jobs = True
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert client.get(f"{JOBS}/{identity}").json()["JobState"] == "Running"
    assert said(client.delete(f"{JOBS}/{identity}"))[0][0] == "RAC0679"
    assert attributes(client)["LogicalProc"] == "Enabled"
    stand.bmcs["worker01"].faults.stuck_jobs = False
    assert client.get(f"{JOBS}/{identity}").json()["JobState"] == "Completed"
    assert attributes(client)["LogicalProc"] == "Disabled"


def test_the_job_queue_is_cleared_at_once(stand, client):
    clear = f"{ROOT}/Managers/iDRAC.Embedded.1/Oem/Dell/DellJobService/Actions/DellJobService.DeleteJobQueue"
    assert client.post(clear, json={}).status_code == 400
    assert client.post(clear, json={"JobID": "JID_000000000000"}).status_code == 404
    stage(client, {"LogicalProc": "Disabled"}, **ON_RESET)
    stand.bmcs["worker01"].faults.stuck_jobs = True
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert said(client.post(clear, json={"JobID": "JID_CLEARALL"}))[0][0] == "RAC0679"
    stand.bmcs["worker01"].faults.stuck_jobs = False
    assert client.post(clear, json={"JobID": "JID_CLEARALL"}).status_code == 200
    assert client.get(JOBS).json()["Members"] == []


def test_a_restart_of_the_idrac_ends_its_sessions_and_leaves_the_server_on(stand, client):
    reset = f"{ROOT}/Managers/iDRAC.Embedded.1/Actions/Manager.Reset"
    stand.bmcs["worker01"].accounts.open({"UserName": bmc_bench.USER, "Password": bmc_bench.PASSWORD})
    assert client.post(reset, json={"ResetType": "ForceOff"}).status_code == 400
    assert client.post(reset, json={"ResetType": "GracefulRestart"}).status_code == 204
    assert stand.bmcs["worker01"].accounts.sessions() == []
    assert client.get(SYSTEM).json()["PowerState"] == "On"


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


def test_boot_override_once_is_used_up_by_a_boot(client):
    once = {"BootSourceOverrideEnabled": "Once", "BootSourceOverrideTarget": "Pxe"}
    assert client.patch(SYSTEM, json={"Boot": once}).status_code == 200
    assert client.get(SYSTEM).json()["Boot"]["BootSourceOverrideTarget"] == "Pxe"
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert client.get(SYSTEM).json()["Boot"]["BootSourceOverrideTarget"] == "None"


def test_legacy_mode_is_a_bios_change(client):
    client.patch(SYSTEM, json={"Boot": {"BootSourceOverrideMode": "Legacy"}})
    assert client.get(f"{BIOS}/Settings").json()["Attributes"] == {"BootMode": "Bios"}


@pytest.mark.parametrize(
    ("body", "identity"),
    [
        ({"Boot": {"BootOrder": ["Boot0003"]}}, "SYS428"),
        ({"Boot": {"BootOrder": ["Boot0003", "Boot0002", "Boot0099"]}}, "SYS426"),
        ({"Boot": {"BootOrder": "Boot0003"}}, "PropertyValueTypeError"),
        ({"Boot": {"BootSourceOverrideTarget": "Tape"}}, "SYS426"),
        ({"Boot": {"Bogus": 1}}, "PropertyUnknown"),
        ({"Bogus": 1}, "PropertyUnknown"),
        ({"Boot": 5}, "PropertyMissing"),
    ],
)
def test_what_boot_settings_refuse(client, body, identity):
    answer = client.patch(SYSTEM, json=body)
    assert answer.status_code == 400
    assert said(answer)[0][0] == identity


def test_dells_boot_sources(client):
    sources = f"{SYSTEM}/Oem/Dell/DellBootSources"
    rows = client.get(sources).json()["Attributes"]["UefiBootSeq"]
    assert client.get(f"{sources}/Settings").json()["Attributes"] == {}
    for row, index in zip(rows, (2, 0, 1), strict=True):
        row["Index"] = index
    rows[0]["Enabled"] = False
    assert client.patch(f"{sources}/Settings", json={"Attributes": {"UefiBootSeq": rows}, **ON_RESET}).status_code == 202
    assert len(client.get(f"{sources}/Settings").json()["Attributes"]["UefiBootSeq"]) == 3
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert client.get(SYSTEM).json()["Boot"]["BootOrder"] == ["Boot0003", "Boot0004", "Boot0002"]
    assert client.get(f"{SYSTEM}/BootOptions/Boot0002").json()["BootOptionEnabled"] is False
    for bad in ({}, {"Attributes": {"UefiBootSeq": [{"Name": "Tape"}]}}, {"Attributes": 5}):
        assert client.patch(f"{sources}/Settings", json=bad).status_code == 400


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("GET", f"{ROOT}/Nowhere", None, 404),
        ("GET", RESET, None, 405),
        ("DELETE", SYSTEM, None, 405),
        ("PATCH", BIOS, {"Attributes": {"LogicalProc": "Disabled"}}, 405),
        ("GET", f"{SYSTEM}/BootOptions/Boot0099", None, 404),
        ("GET", f"{SYSTEM}/Memory/DIMM.Socket.Z9", None, 404),
        ("GET", f"{ROOT}/AccountService/Accounts/99", None, 404),
        ("GET", f"{ROOT}/SessionService/Sessions/99", None, 404),
        ("DELETE", f"{ROOT}/SessionService/Sessions/99", None, 404),
        ("PATCH", f"{BIOS}/Settings", {}, 400),
        (
            "PATCH",
            f"{BIOS}/Settings",
            {"Attributes": {"LogicalProc": "Disabled"}, "@Redfish.SettingsApplyTime": {"ApplyTime": "Immediate"}},
            400,
        ),
        ("POST", JOBS, {}, 400),
        ("POST", JOBS, {"TargetSettingsURI": "/somewhere"}, 400),
        ("POST", JOBS, {"TargetSettingsURI": f"{BIOS}/Settings"}, 400),
    ],
)
def test_wrong_requests(client, verb, path, body, status):
    answer = client.request(verb, path, json=body)
    assert answer.status_code == status
    assert said(answer)


@pytest.mark.parametrize("body", [b"{", b"[]", b"5"])
def test_a_body_that_is_no_object(client, body):
    assert said(client.patch(SYSTEM, content=body))[0][0] == "MalformedJSON"


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


def test_attributes_of_the_idrac_take_effect_at_once(client):
    path = f"{ROOT}/Managers/iDRAC.Embedded.1/Attributes"
    assert client.patch(path, json={"Attributes": {"NTPConfigGroup.1.NTPEnable": "Enabled"}}).status_code == 200
    assert client.get(path).json()["Attributes"]["NTPConfigGroup.1.NTPEnable"] == "Enabled"
    for bad in ({}, {"Attributes": {"Info.1.HWModel": "x"}}):
        assert client.patch(path, json=bad).status_code == 400


def test_queries(client):
    assert set(client.get(SYSTEM, params={"$select": "Model,SKU"}).json()) - {"@odata.id", "@odata.type", "@odata.context"} == {
        "Model",
        "SKU",
    }
    options = client.get(f"{SYSTEM}/BootOptions", params={"$expand": "*($levels=1)"}).json()["Members"]
    assert options[0]["DisplayName"].startswith("PXE Device 1")


def test_the_root_needs_no_login_and_the_rest_does(stand):
    with client_of(stand, auth=None) as stranger:
        assert stranger.get("/redfish").status_code == 200
        assert stranger.get(ROOT).status_code == 200
        answer = stranger.get(SYSTEM)
        assert answer.status_code == 401
        assert said(answer)[0][0] == "AccessDenied"
        for header in ("Basic", "Basic !!!", "Bearer x", "Basic /w=="):
            assert stranger.get(SYSTEM, headers={"Authorization": header}).status_code == 401
        # A request without a name is no login, so none of this counts as a failed one.
        assert stand.bmcs["worker01"].accounts.failures == 0


def test_sessions(stand):
    sessions = f"{ROOT}/SessionService/Sessions"
    with client_of(stand, auth=None) as stranger:
        assert stranger.post(sessions, json={"UserName": bmc_bench.USER}).status_code == 400
        assert stranger.post(sessions, json={"UserName": bmc_bench.USER, "Password": "no"}).status_code == 401
        opened = stranger.post(f"{ROOT}/Sessions", json={"UserName": bmc_bench.USER, "Password": bmc_bench.PASSWORD})
        assert opened.status_code == 201
        token = {"X-Auth-Token": opened.headers["X-Auth-Token"]}
        assert stranger.get(SYSTEM, headers=token).status_code == 200
        assert stranger.get(opened.headers["Location"], headers=token).json()["UserName"] == bmc_bench.USER
        assert stranger.delete(opened.headers["Location"], headers=token).status_code == 200
        assert stranger.get(SYSTEM, headers=token).status_code == 401


def test_failed_logins_bring_a_penalty_for_everybody(stand, client):
    with client_of(stand, auth=("root", "wrong")) as stranger:
        for _ in range(3):
            assert said(stranger.get(SYSTEM))[0][0] == "AccessDenied"
        assert said(stranger.get(SYSTEM))[0][0] == "RAC0212"
    assert client.get(SYSTEM).status_code == 401
    stand.bmcs["worker01"].tamper({"unblock": True})
    assert client.get(SYSTEM).status_code == 200


def test_a_right_login_forgives_the_failures_before_it(stand, client):
    with client_of(stand, auth=("root", "wrong")) as stranger:
        stranger.get(SYSTEM)
        stranger.get(SYSTEM)
    assert client.get(SYSTEM).status_code == 200
    assert stand.bmcs["worker01"].accounts.failures == 0


def test_everything_survives_a_restart_of_the_lab(stand, client):
    stage(client, {"LogicalProc": "Disabled"}, **ON_RESET)
    before = stand.bmcs["worker01"].state.as_dict()
    stand.unplug("worker01")
    stand.plug_in("worker01")
    assert stand.bmcs["worker01"].state.as_dict() == before
    with client_of(stand) as again:
        again.post(RESET, json={"ResetType": "ForceRestart"})
        assert attributes(again)["LogicalProc"] == "Disabled"


def test_tampering(stand, client):
    bmc = stand.bmcs["worker01"]
    bmc.tamper({"bios": {"LogicalProc": "Disabled"}, "boot_order": ["Boot0004", "Boot0003", "Boot0002"], "model": "PowerEdge R7515"})
    assert attributes(client)["LogicalProc"] == "Disabled"
    assert client.get(SYSTEM).json()["Boot"]["BootOrder"][0] == "Boot0004"
    for nonsense in ({"colour": "red"}, {"bios": {"Bogus": "1"}}):
        with pytest.raises(ValueError, match="nothing to tamper with"):
            bmc.tamper(nonsense)


def test_not_ready_is_said_in_dells_words(stand, client):
    stand.bmcs["worker01"].faults.server_errors = 1
    answer = client.get(SYSTEM)
    assert answer.status_code == 503
    assert said(answer)[0][0] == "SYS518"


def test_a_bmc_needs_a_certificate(stand, tmp_path):
    with pytest.raises(ValueError, match="presents a certificate"):
        build(stand.site, "worker01", login=None, tls=None, host_key=None, state_file=tmp_path / "x.json")


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


def test_every_default_is_a_value_the_bios_takes():
    values = factory_values("PowerEdge R6515", "TAG0001", "EPYC")
    for name, entry in entries().items():
        assert entry["type"] != "Enumeration" or values[name] in entry["values"]

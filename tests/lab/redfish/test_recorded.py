"""The emulated BMC beside what real iDRACs answered: the same keys hold the same kinds of values."""

import json
from pathlib import Path

import pytest
from bmc_bench import SYSTEM

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "redfish_replies" / "sushy_dell"

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded replies at {RECORDED}")


def recorded(name):
    return json.loads((RECORDED / name).read_text())


def mismatches(real, emulated, path=""):
    """Where both have a value and the values are of different kinds."""
    if isinstance(real, dict) and isinstance(emulated, dict):
        for key in real.keys() & emulated.keys():
            yield from mismatches(real[key], emulated[key], f"{path}/{key}")
    elif isinstance(real, list) and isinstance(emulated, list):
        if real and emulated:
            yield from mismatches(real[0], emulated[0], f"{path}/0")
    elif real is not None and emulated is not None and type(real) is not type(emulated):
        yield f"{path}: really {real!r}, emulated {emulated!r}"


@pytest.mark.parametrize(
    ("file", "path"), [("root.json", "/redfish/v1"), ("system.json", SYSTEM), ("manager.json", "/redfish/v1/Managers/iDRAC.Embedded.1")]
)
def test_resources_are_of_the_same_kind(client, file, path):
    real, emulated = recorded(file), client.get(path).json()
    assert list(mismatches(real, emulated)) == []
    assert real["@odata.id"] == emulated["@odata.id"]
    assert real["@odata.type"].split(".")[0] == emulated["@odata.type"].split(".")[0]


@pytest.mark.parametrize(
    "key", ["Actions", "Boot", "BiosVersion", "MemorySummary", "Model", "PowerState", "ProcessorSummary", "SKU", "Status"]
)
def test_what_clients_read_of_a_server_is_there(client, key):
    assert key in recorded("system.json")
    assert key in client.get(SYSTEM).json()


def test_jobs_and_tasks_are_of_the_same_kind(client):
    body = {"Attributes": {"LogicalProc": "Disabled"}, "@Redfish.SettingsApplyTime": {"ApplyTime": "OnReset"}}
    task = client.patch(f"{SYSTEM}/Bios/Settings", json=body).headers["Location"]
    assert list(mismatches(recorded("task.json"), client.get(task).json())) == []
    assert client.get(task).json()["TaskState"] == recorded("task.json")["TaskState"]
    queue = client.get("/redfish/v1/Managers/iDRAC.Embedded.1/Jobs?$expand=*($levels=1)").json()
    real = recorded("job_collection_expanded.json")
    assert list(mismatches(real, queue)) == []
    assert set(real["Members"][0]) - {"@odata.context"} <= set(queue["Members"][0])


def test_refusals_are_of_the_same_kind(client):
    real = recorded("error_running_job.json")
    refused = client.post(f"{SYSTEM}/Actions/ComputerSystem.Reset", json={"ResetType": "On"}).json()
    assert set(real["error"]) == set(refused["error"])
    assert set(real["error"]["@Message.ExtendedInfo"][0]) <= set(refused["error"]["@Message.ExtendedInfo"][0])

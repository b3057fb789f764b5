import pytest
from bmc_bench import BIOS, ON_RESET, RESET, attributes, said, stage

from infra_kit.lab.redfish.attributes import entries, factory_values


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


def test_every_default_is_a_value_the_bios_takes():
    values = factory_values("PowerEdge R6515", "TAG0001", "EPYC")
    for name, entry in entries().items():
        assert entry["type"] != "Enumeration" or values[name] in entry["values"]


def test_a_profile_brings_its_sub_attributes(client):
    stage(client, {"SysProfile": "PerfOptimized"}, **ON_RESET)
    client.post(RESET, json={"ResetType": "ForceRestart"})
    assert attributes(client)["ProcCStates"] == "Disabled"

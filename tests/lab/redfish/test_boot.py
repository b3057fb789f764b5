import pytest
from bmc_bench import BIOS, ON_RESET, RESET, SYSTEM, said


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

import bmc_bench
from bmc_bench import ROOT, SYSTEM


def test_a_restart_of_the_idrac_ends_its_sessions_and_leaves_the_server_on(stand, client):
    reset = f"{ROOT}/Managers/iDRAC.Embedded.1/Actions/Manager.Reset"
    stand.bmcs["worker01"].accounts.open({"UserName": bmc_bench.USER, "Password": bmc_bench.PASSWORD})
    assert client.post(reset, json={"ResetType": "ForceOff"}).status_code == 400
    assert client.post(reset, json={"ResetType": "GracefulRestart"}).status_code == 204
    assert stand.bmcs["worker01"].accounts.sessions() == []
    assert client.get(SYSTEM).json()["PowerState"] == "On"


def test_attributes_of_the_idrac_take_effect_at_once(client):
    path = f"{ROOT}/Managers/iDRAC.Embedded.1/Attributes"
    assert client.patch(path, json={"Attributes": {"NTPConfigGroup.1.NTPEnable": "Enabled"}}).status_code == 200
    assert client.get(path).json()["Attributes"]["NTPConfigGroup.1.NTPEnable"] == "Enabled"
    for bad in ({}, {"Attributes": {"Info.1.HWModel": "x"}}):
        assert client.patch(path, json=bad).status_code == 400

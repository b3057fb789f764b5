import pytest
from bmc_bench import ON_RESET, RESET, SYSTEM, attributes, client_of, stage


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

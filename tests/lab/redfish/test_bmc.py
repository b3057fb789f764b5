import pytest
from bmc_bench import ON_RESET, RESET, SYSTEM, attributes, client_of, said, stage

from infra_kit.lab.redfish import build


@pytest.mark.parametrize("body", [b"{", b"[]", b"5"])
def test_a_body_that_is_no_object(client, body):
    assert said(client.patch(SYSTEM, content=body))[0][0] == "MalformedJSON"


def test_queries(client):
    assert set(client.get(SYSTEM, params={"$select": "Model,SKU"}).json()) - {"@odata.id", "@odata.type", "@odata.context"} == {
        "Model",
        "SKU",
    }
    options = client.get(f"{SYSTEM}/BootOptions", params={"$expand": "*($levels=1)"}).json()["Members"]
    assert options[0]["DisplayName"].startswith("PXE Device 1")


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

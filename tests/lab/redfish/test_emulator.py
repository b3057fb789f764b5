import pytest
from bmc_bench import SYSTEM, said

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


def test_not_ready_is_said_in_dells_words(stand, client):
    stand.bmcs["worker01"].faults.server_errors = 1
    answer = client.get(SYSTEM)
    assert answer.status_code == 503
    assert said(answer)[0][0] == "SYS518"


def test_a_bmc_needs_a_certificate(stand, tmp_path):
    with pytest.raises(ValueError, match="presents a certificate"):
        build(stand.site, "worker01", login=None, tls=None, host_key=None, state_file=tmp_path / "x.json")

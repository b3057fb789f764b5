import json

import array_bench
import pytest

from infra_kit.inventory.load import load_site
from infra_kit.layers.storage.layer import LAYER


def test_requests_are_files_in_order(tmp_path):
    files = LAYER.render(array_bench.make_site(tmp_path))
    names = [path.rpartition("/")[2] for path in files]
    assert names == sorted(names)
    assert names[0] == "01-protection-array01.json"
    assert "06-groupnet-groupnet0.json" in names
    requests = json.loads(files["storage/array01/07-subnet-groupnet0.subnet-storage.json"])
    assert requests[0]["path"] == "/platform/16/network/groupnets/groupnet0/subnets"
    assert requests[0]["payload"]["sc_service_addrs"] == [{"low": "10.8.0.10", "high": "10.8.0.10"}]


def test_memberships_follow_their_user(tmp_path):
    files = LAYER.render(array_bench.make_site(tmp_path))
    requests = json.loads(next(text for path, text in files.items() if path.endswith("user-cdp-hdfs.json")))
    assert [request["method"] for request in requests] == ["POST", "POST", "POST"]
    assert requests[1]["path"] == "/platform/1/auth/groups/GROUP%3Ahadoop/members"
    assert "password" not in requests[0]["payload"]


def test_what_is_rendered_builds_the_array(repository, tmp_path):
    site = load_site(repository / "inventory" / "configuration-1")
    stand = array_bench.Bench(tmp_path, site)
    stand.start()
    try:
        with stand.http() as client:
            for path, text in sorted(LAYER.render(site).items()):
                for request in json.loads(text):
                    target = request["path"].replace("{nodepool}", "h5600_12tb")
                    answer = client.request(
                        request["method"], target, params=request.get("query"), json=request.get("payload"), headers=request.get("headers")
                    )
                    assert answer.is_success, (path, answer.text)
        assert array_bench.pending(stand) == []
    finally:
        stand.stop()


def test_no_secret_and_no_reference_to_one_is_rendered(tmp_path):
    assert not [
        path for path, text in LAYER.render(array_bench.make_site(tmp_path)).items() if array_bench.PASSWORD in text or "env:" in text
    ]


@pytest.mark.parametrize(("lag", "tagged"), [({"networks": ["storage-01"]}, True), ({"networks": [], "native": "storage-01"}, False)])
def test_the_subnet_is_tagged_as_the_switches_hand_it_over(tmp_path, lag, tagged):
    site = array_bench.make_site(tmp_path)
    from infra_kit.inventory.models.switch import Lag, Switch

    lag = Lag(id=201, description="array", ports=["1/1/1"], **lag)
    switch = Switch.model_construct(name="leaf01a", lags=[lag])
    built = site.model_copy(update={"switches": [switch]})
    built.__dict__.pop("switch_by_name", None)
    files = LAYER.render(built)
    payload = json.loads(next(text for path, text in files.items() if "-subnet-" in path))[0]["payload"]
    assert payload["vlan_enabled"] is tagged
    assert payload.get("vlan_id") == (300 if tagged else None)

import os

import array_bench
import pytest

from infra_kit.lab.emulator import Login
from infra_kit.lab.onefs import build
from infra_kit.lab.onefs.versions import Versions


def session(client, password=array_bench.PASSWORD):
    body = {"username": array_bench.USER, "password": password, "services": ["platform", "namespace"]}
    return client.post("/session/1/session", json=body)


def test_a_session_has_two_cookies_and_their_rule(stand):
    with stand.http(auth=None) as client:
        opened = session(client)
        assert opened.status_code == 201
        assert opened.json()["timeout_absolute"] > 0
        key, token = opened.cookies["isisessid"], opened.cookies["isicsrf"]
        client.cookies.clear()
        headers = {"Cookie": f"isisessid={key}"}
        assert client.get("/platform/3/zones", headers=headers).status_code == 200
        assert client.get("/session/1/session", headers=headers).json()["username"] == array_bench.USER
        body = {"name": "g1"}
        assert client.post("/platform/10/network/groupnets", json=body, headers=headers).status_code == 403
        headers["X-CSRF-Token"] = token
        assert client.post("/platform/10/network/groupnets", json=body, headers=headers).status_code == 403, "no Origin"
        headers["Origin"] = str(client.base_url)
        assert client.post("/platform/10/network/groupnets", json=body, headers=headers).status_code == 201
        assert client.put("/session/1/session", headers=headers).status_code == 405
        assert client.delete("/session/1/session", headers=headers).status_code == 204
        assert client.get("/platform/3/zones", headers=headers).status_code == 401
        assert client.delete("/session/1/session", headers=headers).status_code == 401


def test_logins_that_are_refused(stand):
    with stand.http(auth=None) as client:
        assert session(client, "wrong").status_code == 401
        assert client.post("/session/1/session", json={"username": "root"}).status_code == 400
        assert client.get("/platform/3/zones").status_code == 401
        assert client.get("/platform/3/zones", headers={"Authorization": "Basic !"}).status_code == 401
        assert client.get("/platform/3/zones", auth=("root", "wrong")).status_code == 401
        stand.array.faults.refuse_logins = 1
        assert client.get("/platform/3/zones", auth=(array_bench.USER, array_bench.PASSWORD)).status_code == 401
        assert client.get("/platform/3/zones", auth=(array_bench.USER, array_bench.PASSWORD)).status_code == 200


def test_sessions_end_in_time(stand, monkeypatch):
    from infra_kit.lab.onefs import sessions

    with stand.http(auth=None) as client:
        headers = {"Cookie": f"isisessid={session(client).cookies['isisessid']}"}
        client.cookies.clear()
        monkeypatch.setattr(sessions, "INACTIVE_S", -1)
        assert client.get("/platform/3/zones", headers=headers).status_code == 401


def test_state_survives_a_restart(stand):
    with stand.http() as client:
        client.post("/platform/10/network/groupnets", json={"name": "kept"}).raise_for_status()
    stand.unplug()
    stand.plug_in()
    with stand.http() as client:
        assert client.get("/platform/10/network/groupnets/kept").status_code == 200


def test_a_password_is_neither_kept_nor_shown(stand):
    with stand.http() as client:
        client.post("/platform/16/auth/users", json={"name": "w", "password": "Very-Secret-1"}).raise_for_status()
        assert "Very-Secret-1" not in client.get("/platform/16/auth/users/w").text
    assert "Very-Secret-1" not in (stand.folder / "state" / "array.json").read_text()


def test_a_503_is_the_arrays_own(stand):
    stand.array.faults.server_errors = 1
    with stand.http() as client:
        assert client.get("/platform/3/zones").json()["errors"][0]["message"].startswith("OneFS API is temporarily unavailable")


def test_pages_go_on_where_they_ended(stand):
    with stand.http() as client:
        for number in range(4):
            client.post("/platform/10/network/groupnets", json={"name": f"g{number}"}).raise_for_status()
        first = client.get("/platform/10/network/groupnets?limit=3").json()
        second = client.get("/platform/10/network/groupnets", params={"resume": first["resume"]}).json()
    assert (len(first["groupnets"]), first["total"], len(second["groupnets"]), second["resume"]) == (3, 5, 2, None)


@pytest.mark.parametrize("fields", [{"description": "a", "dns_search": ["b.example"]}])
def test_half_of_a_change(stand, fields):
    with stand.http() as client:
        stand.array.faults.half_apply = True
        client.put("/platform/10/network/groupnets/groupnet0", json=fields).raise_for_status()
        after = client.get("/platform/10/network/groupnets/groupnet0").json()["groupnets"][0]
        assert (after["description"], after["dns_search"]) == ("a", [])
        client.put("/platform/10/network/groupnets/groupnet0", json=fields).raise_for_status()
        assert client.get("/platform/10/network/groupnets/groupnet0").json()["groupnets"][0]["dns_search"] == ["b.example"]


def test_tampering_is_seen_by_the_next_reader(stand):
    with stand.http() as client:
        stand.array.tamper({"kind": "groupnets", "id": "groupnet0", "set": {"dns_servers": ["10.0.0.9"]}})
        assert client.get("/platform/10/network/groupnets/groupnet0").json()["groupnets"][0]["dns_servers"] == ["10.0.0.9"]
        stand.array.tamper({"directory": "/ifs/home", "delete": True})
        assert client.get("/namespace/ifs/home").status_code == 404
        stand.array.tamper({"cluster": {"name": "other"}})
        assert client.get("/platform/3/cluster/config").json()["name"] == "other"
        stand.array.tamper({"licence": "HDFS", "status": "Expired"})
        assert client.get("/platform/5/license/licenses/HDFS").json()["licenses"][0]["status"] == "Expired"
    for change in ({"kind": "zones", "id": "absent", "set": {}}, {"weather": "bad"}):
        with pytest.raises(ValueError, match="tamper"):
            stand.array.tamper(change)


def test_only_the_sites_own_array_can_be_built(stand, tmp_path):
    common = {"login": Login("a", "b"), "host_key": None, "state_file": tmp_path / "x.json"}
    with pytest.raises(ValueError, match="no array array09"):
        build(stand.site, "array09", tls=None, **common)
    with pytest.raises(ValueError, match="certificate"):
        build(stand.site, "array01", tls=None, **common)


def test_a_site_without_an_array_has_no_fresh_state(stand):
    from infra_kit.lab.onefs.fresh import fresh

    with pytest.raises(ValueError, match="has no array"):
        fresh(stand.site.model_copy(update={"storage": None}))


def test_an_unknown_release_is_refused():
    with pytest.raises(ValueError, match=r"no emulation of OneFS 7\.2"):
        Versions("7.2")


def test_its_directories_are_real_ones_for_those_that_mount_them(stand, tmp_path):
    shown = tmp_path / "exports"
    stand.array.materialise(shown)
    place, headers = "/namespace/ifs/data/volumes/project", {"x-isi-ifs-target-type": "container", "x-isi-ifs-access-control": "2770"}
    with stand.http() as client:
        client.put(place, params={"recursive": "true"}, headers=headers).raise_for_status()
        real = shown / "ifs/data/volumes/project"
        assert real.stat().st_mode & 0o7777 == 0o2770
        owner = {"authoritative": "mode", "owner": {"id": f"UID:{os.getuid()}"}, "group": {"id": f"GID:{os.getgid()}"}, "mode": "0750"}
        client.put(place, params={"acl": ""}, json=owner).raise_for_status()
        assert real.stat().st_mode & 0o7777 == 0o750
        # What a client writes is there for the array, too, and it does not lose it.
        (real / "notes.txt").write_text("kept")
        assert client.get(place).json()["children"] == [{"name": "notes.txt"}]
        assert client.delete(place).status_code == 409
        assert (real / "notes.txt").read_text() == "kept"
        assert client.delete(place, params={"recursive": "true"}).status_code == 204
        assert not real.exists()

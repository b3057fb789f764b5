import bmc_bench
from bmc_bench import ROOT, SYSTEM, client_of, said


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
    assert [each for each in stand.emulators["worker01"].events.entries if each[0] == "login-refused"] == [("login-refused", "root")] * 4
    assert client.get(SYSTEM).status_code == 401
    stand.bmcs["worker01"].tamper({"unblock": True})
    assert client.get(SYSTEM).status_code == 200


def test_a_right_login_forgives_the_failures_before_it(stand, client):
    with client_of(stand, auth=("root", "wrong")) as stranger:
        stranger.get(SYSTEM)
        stranger.get(SYSTEM)
    assert client.get(SYSTEM).status_code == 200
    assert stand.bmcs["worker01"].accounts.failures == 0

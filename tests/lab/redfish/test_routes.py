import pytest
from bmc_bench import BIOS, JOBS, RESET, ROOT, SYSTEM, said


def test_every_link_leads_somewhere(client):
    seen, todo = set(), [ROOT]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.json().get("@odata.id", path) == path
        todo += [link for link in links(answer.json()) if "#" not in link]
    assert len(seen) > 50


def links(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "@odata.id":
                yield inner
            else:
                yield from links(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from links(inner)


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("GET", f"{ROOT}/Nowhere", None, 404),
        ("GET", RESET, None, 405),
        ("DELETE", SYSTEM, None, 405),
        ("PATCH", BIOS, {"Attributes": {"LogicalProc": "Disabled"}}, 405),
        ("GET", f"{SYSTEM}/BootOptions/Boot0099", None, 404),
        ("GET", f"{SYSTEM}/Memory/DIMM.Socket.Z9", None, 404),
        ("GET", f"{ROOT}/AccountService/Accounts/99", None, 404),
        ("GET", f"{ROOT}/SessionService/Sessions/99", None, 404),
        ("DELETE", f"{ROOT}/SessionService/Sessions/99", None, 404),
        ("PATCH", f"{BIOS}/Settings", {}, 400),
        (
            "PATCH",
            f"{BIOS}/Settings",
            {"Attributes": {"LogicalProc": "Disabled"}, "@Redfish.SettingsApplyTime": {"ApplyTime": "Immediate"}},
            400,
        ),
        ("POST", JOBS, {}, 400),
        ("POST", JOBS, {"TargetSettingsURI": "/somewhere"}, 400),
        ("POST", JOBS, {"TargetSettingsURI": f"{BIOS}/Settings"}, 400),
    ],
)
def test_wrong_requests(client, verb, path, body, status):
    answer = client.request(verb, path, json=body)
    assert answer.status_code == status
    assert said(answer)

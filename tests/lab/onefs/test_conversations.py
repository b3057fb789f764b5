"""What the emulated array accepts and refuses, conversation by conversation."""

from pathlib import Path

import array_bench
import httpx
import pytest
import yaml

CASES = yaml.safe_load(Path(__file__).with_name("cases").joinpath("conversations.yaml").read_text())
CONTAINER = {"x-isi-ifs-target-type": "container", "x-isi-ifs-access-control": "0755"}


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Ask the array; every case begins with the same state."""
    import copy

    with array_bench.bench(tmp_path_factory.mktemp("talk")) as stand, stand.http() as client:
        _prepare(client)
        start = copy.deepcopy(stand.array.cluster.state)

        def ask(method, path, body=None):
            content = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
            return client.request(method, path, headers=CONTAINER, **content)

        def again():
            stand.array.cluster.state.clear()
            stand.array.cluster.state.update(copy.deepcopy(start))
            return ask

        yield again


def _prepare(client: httpx.Client):
    client.post("/platform/3/zones", json={"name": "z", "path": "/ifs/data/z", "create_path": True}).raise_for_status()
    client.post("/platform/1/auth/groups?zone=z", json={"name": "g", "gid": 3001}).raise_for_status()
    client.post("/platform/16/auth/users?zone=z", json={"name": "u", "uid": 3001, "primary_group": {"name": "g"}}).raise_for_status()


@pytest.mark.parametrize("case", [pytest.param(case, id=case["case"]) for case in CASES])
def test_conversation(talk, case):
    ask = talk()
    for step in case.get("before", []):
        answer = ask(*step)
        assert answer.is_success, answer.text
    answer = ask(*case["ask"])
    assert answer.status_code == case["status"], answer.text
    if answer.is_error and case["ask"][0] != "HEAD":
        error = answer.json()["errors"][0]
        assert error["code"].startswith("AEC_")
        assert case.get("says", "") in error["message"]
        assert case.get("field", error.get("field")) == error.get("field")
    for key, value in case.get("holds", {}).items():
        assert answer.json()[key] == value

"""A testbed as Molecule starts and ends it: by its program, in the background."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.hosts.requirements import require_hosts
from infra_kit.lab.hosts.root_filesystem import locate
from infra_kit.lab.testbed.plan import read

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST: dict[str, Any] = {"name": "worker01", "address": "10.21.1.11", "root_filesystem": "minimal"}
PLAN: dict[str, Any] = {
    "user": "ansible",
    "password": "only-for-this-test",
    "hosts": [HOST],
    "forwards": {"nothing": {"address": "10.21.1.11", "port": 9}},
}


def program(verb: str, folder: Path, document: object = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra_kit.lab.testbed", verb, str(folder)]
    return subprocess.run(command, input=json.dumps(document), capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    try:
        require_hosts()
        locate("minimal")
    except LabError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("testbed")
    started = program("up", folder, PLAN)
    assert started.returncode == 0, started.stderr
    yield folder, json.loads(started.stdout.splitlines()[-1])
    program("down", folder)


def test_it_answers_where_it_says_and_leaves_nothing(up: tuple[Path, dict[str, Any]]) -> None:
    folder, places = up
    assert set(places) == {"worker01", "nothing"}
    with socket.create_connection((places["worker01"]["host"], places["worker01"]["port"]), 10) as connection:
        assert connection.recv(8) == b"SSH-2.0-"
    assert f"[127.0.0.1]:{places['worker01']['port']}" in (folder / "known_hosts").read_text()

    second = program("up", folder, PLAN)
    assert second.returncode == 1
    assert "runs there already" in second.stderr

    assert program("down", folder).returncode == 0
    assert not (folder / "places.json").exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((places["worker01"]["host"], places["worker01"]["port"]), 2)
    assert program("down", folder).returncode == 0  # there is none: nothing to do


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"hosts": [HOST]}, "password"),
        (PLAN | {"hosts": [HOST | {"address": "nowhere"}]}, "address"),
        (PLAN | {"hosts": [HOST | {"adress": "10.21.1.11"}]}, "adress"),
        ([], "valid"),
    ],
)
def test_a_plan_that_is_none_says_what_is_wrong(document: object, words: str) -> None:
    with pytest.raises(LabError, match=words) as caught:
        read(json.dumps(document))
    assert "molecule.yml" in caught.value.remedy


def test_an_address_in_no_network() -> None:
    with pytest.raises(LookupError, match=r"192\.0\.2\.1"):
        read(json.dumps(PLAN)).network_of(IPv4Address("192.0.2.1"))

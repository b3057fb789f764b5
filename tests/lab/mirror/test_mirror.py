"""Both servers together: on sockets that others opened, in a namespace that the process is not in, misbehaving when told to."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from infra_kit.lab.mirror.mirror import Mirror
from infra_kit.lab.mirror.packages.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra_kit.lab.mirror.images.store import Image

_NEW_NETWORK = 0x40000000


@pytest.fixture
def packages(tmp_path: Path) -> Repository:
    (tmp_path / "repository/dists").mkdir(parents=True)
    (tmp_path / "repository/dists/Release").write_text("Origin: a test\n")
    (tmp_path / "beside").write_text("not served")
    return Repository(tmp_path / "repository", "bookworm", "main")


def test_both_are_served_and_ended(packages: Repository, images: list[Image], serve) -> None:
    first, second = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    urls = [f"http://127.0.0.1:{place.getsockname()[1]}" for place in (first, second)]
    with serve(Mirror(packages=(packages, first), images=(images, second))) as mirror:
        assert httpx.get(f"{urls[0]}/debian/dists/Release", trust_env=False).text == "Origin: a test\n"
        assert httpx.get(f"{urls[0]}/debian/../beside", trust_env=False).status_code == 404
        assert httpx.get(f"{urls[1]}/v2/", trust_env=False).json() == {}
        assert ("GET", "/debian/dists/Release") in mirror.events.entries
    for url in urls:
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, trust_env=False)


def test_it_misbehaves_when_told_to(images: list[Image], listening: socket.socket, serve) -> None:
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v2/"
    with serve(Mirror(images=(images, listening))) as mirror:
        mirror.faults.server_errors = 1
        assert [httpx.get(url, trust_env=False).status_code for _ in range(2)] == [503, 200]
        mirror.faults.unreachable = True
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(url, trust_env=False)
        mirror.faults.unreachable = False
        assert httpx.get(url, trust_env=False).status_code == 200


@pytest.fixture
def namespace() -> Iterator[str]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces are root's to make, with iproute2")
    name = f"ikmirror-{secrets.token_hex(3)}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def _listening_in(namespace: str) -> socket.socket:
    """A socket of another network namespace: made by a thread that has gone there."""
    made: list[socket.socket] = []

    def make() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{namespace}") as place:  # noqa: PTH123  a descriptor is wanted
            assert libc.setns(place.fileno(), _NEW_NETWORK) == 0, os.strerror(ctypes.get_errno())
        made.append(socket.create_server(("127.0.0.1", 5000)))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]


def test_it_listens_in_a_network_namespace_that_the_process_is_not_in(images: list[Image], namespace: str, serve) -> None:
    ask = ["python3", "-c", "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:5000/v2/_catalog').read().decode())"]
    with serve(Mirror(images=(images, _listening_in(namespace)))):
        said = subprocess.run(["ip", "netns", "exec", namespace, *ask], capture_output=True, text=True, check=True).stdout
        with pytest.raises(httpx.ConnectError):
            httpx.get("http://127.0.0.1:5000/v2/", trust_env=False)
    assert "quay.io/some/thing" in said

"""The suite's own guard: what leaves the machine is refused and noted, in this process and in its children."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import loopback_guard
import pytest
from loopback_guard import BeyondLoopbackError, is_local

BEYOND = "192.0.2.1"  # TEST-NET-1, RFC 5737: nobody's address


@pytest.fixture
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of its own, so that what these tests provoke does not fail them."""
    log = tmp_path / "noted"
    monkeypatch.setenv(loopback_guard.LOG_VARIABLE, str(log))
    return log


def _connect() -> None:
    socket.socket().connect((BEYOND, 9))


def _connect_ex() -> None:
    socket.socket().connect_ex((BEYOND, 9))


def _create_connection() -> None:
    socket.create_connection((BEYOND, 9), timeout=1)


def _sendto() -> None:
    socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", (BEYOND, 9))


def _bind_everywhere() -> None:
    socket.socket().bind(("0.0.0.0", 0))


def _look_up() -> None:
    socket.getaddrinfo("example.com", 80)


def _six() -> None:
    socket.socket(socket.AF_INET6).connect(("2001:db8::1", 9))


def _asyncio() -> None:
    asyncio.run(asyncio.open_connection(BEYOND, 9))


@pytest.mark.parametrize("attempt", [_connect, _connect_ex, _create_connection, _sendto, _bind_everywhere, _look_up, _six, _asyncio])
def test_nothing_leaves_the_machine(attempt, noted: Path) -> None:
    with pytest.raises(BeyondLoopbackError, match="loopback"):
        attempt()
    assert "tests stay on loopback" in noted.read_text()


def test_children_are_guarded_too(noted: Path) -> None:
    code = f"import socket; socket.socket().connect(('{BEYOND}', 9))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    assert "BeyondLoopbackError" in child.stderr
    assert BEYOND in noted.read_text()


def test_a_swallowed_refusal_still_fails_the_test(tmp_path: Path) -> None:
    """A suite of its own with one test that catches everything: it must not pass."""
    (tmp_path / "conftest.py").write_text((Path(__file__).parent / "conftest.py").read_text().replace("__file__", repr(__file__)))
    lines = [
        "import contextlib, socket",
        "def test_it():",
        "    with contextlib.suppress(Exception):",
        f"        socket.socket().connect(('{BEYOND}', 9))",
    ]
    (tmp_path / "test_it.py").write_text("\n".join(lines))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(tmp_path), str(tmp_path)]
    suite = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
    assert suite.returncode == 1, suite.stdout + suite.stderr
    assert "an attempt to reach beyond loopback" in suite.stdout


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("device.example", False),
    ],
)
def test_what_counts_as_local(host: str, *, local: bool) -> None:
    assert is_local(host) is local


def test_loopback_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername()[0] == "127.0.0.1"

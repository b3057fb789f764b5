"""The programs that ship as source: pause and stand-in, built by Go where they are not in the cache."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.programs.obtaining import obtain_all
from infra_kit.lab.programs.program import Program, table

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE_S = 10


def _program(name: str) -> Path:
    wanted: tuple[Program, ...] = tuple(program for purpose in ("node", "image") for program in table(purpose) if program.name == name)
    try:
        return obtain_all(print, wanted)[name]
    except LabError as error:
        pytest.skip(str(error))


def _port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def stand_in() -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    plain, secure = _port(), _port()
    command = [str(_program("stand-in")), "--http", f"127.0.0.1:{plain}", "--https", f"127.0.0.1:{secure}", "--configFile=/etc/x"]
    with subprocess.Popen(command, env={"STAND_IN_FOR": "traefik"}, stdout=subprocess.PIPE, text=True) as process:
        yield process, plain, secure
        process.kill()


def _get(url: str) -> httpx.Response:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return httpx.get(url, verify=False, trust_env=False)
        except httpx.ConnectError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_stand_in_is_well_and_says_what_it_is(stand_in) -> None:
    process, plain, secure = stand_in
    for url in (f"http://127.0.0.1:{plain}/ping", f"https://127.0.0.1:{secure}/readyz"):
        answer = _get(url)
        assert (answer.status_code, answer.text) == (200, "infra-kit's stand-in for traefik: it is well and does nothing\n")
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 0
    assert "not used: --configFile=/etc/x" in said


def test_a_stand_in_that_cannot_listen_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [str(_program("stand-in")), "--http", f"127.0.0.1:{taken.getsockname()[1]}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    assert done.returncode == 1
    assert "address already in use" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("nsenter") is None, reason="process namespaces are root's to make")
def test_pause_reaps_what_is_left_to_it_and_ends_when_told_to() -> None:
    with subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", str(_program("pause"))]) as outside:
        first = _until(lambda: _children(outside.pid))[0]
        # The shell's child is nobody's when the shell ends, and so becomes that of the first process.
        subprocess.run(["nsenter", f"--target={first}", "--pid", "sh", "-c", "sleep 0.2 & exit 0"], check=True)
        _until(lambda: _children(first))
        _until(lambda: not _children(first))
        os.kill(first, signal.SIGTERM)
        assert outside.wait(_PATIENCE_S) == 0


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _until(look):
    deadline = time.monotonic() + _PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def test_their_source_has_gos_form(repository: Path) -> None:
    gofmt = shutil.which("gofmt", path=f"{os.environ['PATH']}:/usr/local/go/bin")
    if gofmt is None:
        pytest.skip("no gofmt on this machine")
    sources = sorted((repository / "tools").glob("*/*.go"))
    assert [source.parent.name for source in sources] == ["pause", "stand-in"]
    assert subprocess.run([gofmt, "-l", *sources], capture_output=True, text=True, check=True).stdout == ""

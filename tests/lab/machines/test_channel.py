"""What is said over a machine's sockets, and what becomes of those that go away."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.machines.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Callable[[list[bytes]], Path]]:
    """A socket whose other side answers each line with the next of the given texts, and goes away after the last."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "agent"))
    server.listen()
    threads: list[threading.Thread] = []

    def answer(texts: list[bytes]) -> Path:
        def serve() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rwb") as stream:
                for text in texts:
                    if not (line := stream.readline()):
                        return
                    json.loads(line)
                    stream.write(text)
                    stream.flush()

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[-1].start()
        return tmp_path / "agent"

    yield answer
    for thread in threads:
        thread.join(5)
    server.close()


def test_events_are_passed_over(listening: Callable[[list[bytes]], Path]) -> None:
    with Channel(listening([b'{"event": "STOP"}\n\xff{"return": {"pid": 7}}\n']), 5) as channel:
        answer: Any = channel.call("guest-exec", path="/bin/true")
    assert answer == {"pid": 7}


def test_a_refusal_says_what_was_said(listening: Callable[[list[bytes]], Path]) -> None:
    path = listening([b'{"error": {"class": "GenericError", "desc": "no such file"}}\n'])
    with Channel(path, 5) as channel, pytest.raises(LabError, match="guest-file-open: no such file"):
        channel.call("guest-file-open")


def test_the_other_side_goes_away(listening: Callable[[list[bytes]], Path]) -> None:
    with Channel(listening([b""]), 5) as channel, pytest.raises(LabError, match="went away"):
        channel.call("guest-ping")


def test_nobody_answers(listening: Callable[[list[bytes]], Path]) -> None:
    path = listening([b'{"event": "RESET"}\n', b""])
    with Channel(path, 0.2) as channel, pytest.raises(LabError, match="no answer"):
        channel.call("guest-ping")


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="nobody listens"):
        Channel(tmp_path / "nothing", 1, appears_s=0)

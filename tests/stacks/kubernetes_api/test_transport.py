"""What is asked again, and what never: against a server that misbehaves on request."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.access import Endpoint
from infra_kit.inventory.errors import AuthenticationError, DeviceError, NoAnchorError, TrustError, UnreachableError
from infra_kit.inventory.secrets import SecretStore
from infra_kit.lab.trust import Authority
from infra_kit.stacks.kubernetes_api import outage
from infra_kit.stacks.kubernetes_api import transport as transport_module
from infra_kit.stacks.kubernetes_api.outage import AwayError
from infra_kit.stacks.kubernetes_api.transport import Call, NotConnectedError, Transport

if TYPE_CHECKING:
    from pathlib import Path

READ = Call("GET", "/api/v1/nodes/a", "Node/a", safe=True)
WRITE = Call("PATCH", "/api/v1/nodes/a", "Node/a", body=b"{}")

Answers = list[tuple[int, dict[str, str], Any]]
"""Status, headers, body; status 0 breaks the connection."""
READY = (200, {}, b"ok")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answers], tuple[Transport, list[str]]]]:
    """Give it answers: a transport to a server that gives them one after the other, and the methods that it was asked by."""
    monkeypatch.setattr(transport_module, "_PAUSE_S", 0.01)
    authority = Authority(tmp_path)
    files = authority.issue("server", "127.0.0.1")
    asked: list[str] = []
    left: Answers = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            asked.append(self.command)
            self.rfile.read(int(self.headers.get("content-length") or 0))
            status, headers, body = left.pop(0)
            if not status:
                self.close_connection = True
                return
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PATCH = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    secrets = SecretStore(tmp_path)
    secrets.remember("env:TOKEN", "token")
    port = listening.server_address[1]
    endpoint = Endpoint("kubernetes", "kubernetes", "127.0.0.1", port, "", "env:TOKEN", authority.certificate_file, secrets=secrets)
    transport = Transport(endpoint)

    def give(answers: Answers, interrupted: Callable[[], bool] = lambda: False) -> tuple[Transport, list[str]]:
        left[:] = answers
        transport._interrupted = interrupted
        return transport, asked

    yield give
    transport.close()
    listening.shutdown()
    listening.server_close()
    thread.join()


def test_reading_is_tried_again(server: Any) -> None:
    transport, asked = server([(503, {}, {}), (0, {}, None), READY, (200, {}, {"a": 1})])
    assert transport.ask(READ).body == {"a": 1}
    assert asked == ["GET"] * 4


def test_reading_is_not_tried_for_ever(server: Any) -> None:
    transport, asked = server([(500, {}, {"message": "etcd is away"})] * 9)
    with pytest.raises(UnreachableError, match="etcd is away"):
        transport.ask(READ).accepted()
    assert len(asked) == 4


def test_a_write_is_sent_once(server: Any) -> None:
    transport, asked = server([(500, {}, {"message": "etcd is away"})])
    assert transport.ask(WRITE).status == 500
    transport, asked = server([(0, {}, None)])
    with pytest.raises(UnreachableError):
        transport.ask(WRITE)
    assert asked == ["PATCH"] * 2


def test_after_a_lost_answer_the_server_may_be_asked_at_once(server: Any) -> None:
    transport, _ = server([(0, {}, None), READY, (200, {}, {})])
    with pytest.raises(UnreachableError):
        transport.ask(WRITE)
    assert transport.ask(READ).body == {}


def test_a_busy_server_has_not_begun_with_a_write(server: Any) -> None:
    transport, asked = server([(429, {"retry-after": "0"}, {}), (200, {}, {})])
    assert transport.ask(WRITE).body == {}
    assert asked == ["PATCH"] * 2


def test_an_answer_that_is_no_json(server: Any) -> None:
    transport, _ = server([(200, {}, b"<html>"), (404, {}, b"<html>")])
    with pytest.raises(DeviceError, match="not a JSON object"):
        _ = transport.ask(READ).body
    with pytest.raises(DeviceError, match="HTTP status 404"):
        transport.ask(READ).accepted()


def test_what_could_not_be_sent_is_sent_again(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    transport, asked = server([(200, {}, {}), READY, (200, {}, {"a": 1})])
    transport.ask(READ)
    really, away = Transport._sent, [1, 2, 3, 4, 5, 6]

    def sent(self: Transport, call: Call) -> Any:
        if away:
            away.pop()
            raise NotConnectedError("kubernetes", "connection refused")
        return really(self, call)

    monkeypatch.setattr(Transport, "_sent", sent)
    assert transport.ask(WRITE).body == {"a": 1}
    assert asked == ["GET", "GET", "PATCH"]


def test_a_server_that_comes_back_is_asked_first_whether_it_is_ready(server: Any) -> None:
    transport, asked = server([(200, {}, {}), (0, {}, None), (500, {}, "starting"), (403, {}, {}), READY, (200, {}, {"a": 1})])
    transport.ask(READ)
    assert transport.ask(READ).body == {"a": 1}
    assert len(asked) == 6


def test_a_server_that_does_not_say_whether_it_is_ready_is_asked_after_a_while(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "_SETTLED_S", 0.0)
    transport, asked = server([(200, {}, {}), (0, {}, None), (403, {}, {}), (200, {}, {"a": 1})])
    transport.ask(READ)
    assert transport.ask(READ).body == {"a": 1}
    assert len(asked) == 4


def test_a_server_that_stays_away_is_given_up_for_all_and_found_again(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "PATIENCE_S", 0.0)
    transport, asked = server([(200, {}, {}), (0, {}, None), READY, (200, {}, {"a": 1})])
    transport.ask(READ)
    with pytest.raises(AwayError, match="has not answered for 0 s: GET Node/a: "):
        transport.ask(READ)
    for call in (READ, WRITE):
        with pytest.raises(AwayError, match="does not answer, and was not asked again"):
            transport.ask(call)
    with pytest.raises(AwayError, match="was not asked again"), transport.stream(READ, 1.0):
        pass
    assert len(asked) == 2
    monkeypatch.setattr(outage, "PROBE_S", 0.0)
    assert transport.ask(READ).body == {"a": 1}


def test_who_is_told_to_stop_does_not_wait_for_a_server(server: Any) -> None:
    transport, asked = server([(200, {}, {}), (0, {}, None)], lambda: True)
    transport.ask(READ)
    with pytest.raises(UnreachableError):
        transport.ask(READ)
    assert len(asked) == 2


def test_a_token_that_is_not_taken_is_sent_once_by_however_many(server: Any) -> None:
    transport, asked = server([(401, {}, {"message": "Unauthorized"})] * 16)
    said: list[str] = []

    def ask() -> None:
        with pytest.raises(AuthenticationError) as refusal:
            transport.ask(READ)
        said.append(str(refusal.value))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert asked == ["GET"]
    assert sum("has it expired" in text for text in said) == 1
    assert sum("was not asked again" in text for text in said) == 15


def test_a_token_that_is_taken_no_more_is_not_sent_again(server: Any) -> None:
    transport, asked = server([(200, {}, {}), (401, {}, {"message": "Unauthorized"})])
    transport.ask(READ)
    with pytest.raises(AuthenticationError, match="has it expired"), transport.stream(READ, 1.0):
        pass
    with pytest.raises(AuthenticationError, match="was not asked again"):
        transport.ask(WRITE)
    with pytest.raises(AuthenticationError, match="was not asked again"), transport.stream(READ, 1.0):
        pass
    assert len(asked) == 2


def test_only_the_first_request_goes_alone(server: Any) -> None:
    transport, asked = server([(200, {}, {})] * 17)
    together, begun = threading.Barrier(17, timeout=20), threading.Semaphore(0)
    really = Transport._sent

    def ask() -> None:
        begun.release()
        transport.ask(READ)

    def sent(self: Transport, call: Call) -> Any:
        answer = really(self, call)
        if len(asked) > 1:
            together.wait()  # with all the others: nobody would come here if they went one by one
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Transport, "_sent", sent)
        threads = [threading.Thread(target=ask) for _ in range(16)]
        transport._outage._entrance.acquire()
        for each in threads:
            each.start()
            begun.acquire()
        asked.append("the one that went alone")
        transport._outage.answered()
        transport._outage._entrance.release()
        together.wait()
        for each in threads:
            each.join()
    assert len(asked) == 17


def test_a_chain_of_failures_that_leads_back_to_itself_is_walked_once():
    import httpx

    from infra_kit.stacks.kubernetes_api.transport import Call, Transport

    one, other = httpx.ConnectError("refused"), OSError("refused, too")
    one.__cause__, other.__context__ = other, one
    transport = Transport.__new__(Transport)
    transport.device, transport.url = "kubernetes", "https://127.0.0.1:1"
    assert "refused" in str(transport._failure(Call("GET", "/", "a look", safe=True), one))


def test_a_trust_anchor_that_is_not_there_yet_is_told_from_a_broken_one(tmp_path: Path) -> None:
    ca, secrets = tmp_path / "ca.pem", SecretStore(tmp_path)
    endpoint = Endpoint("kubernetes", "kubernetes", "127.0.0.1", 6443, "", "env:TOKEN", ca, secrets=secrets)
    with pytest.raises(NoAnchorError, match="is not there"):
        Transport(endpoint)
    ca.write_text("no certificate")
    with pytest.raises(TrustError, match="cannot be read") as caught:
        Transport(endpoint)
    assert not isinstance(caught.value, NoAnchorError)

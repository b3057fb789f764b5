"""Against a small server that answers as Vault's API documentation says (KV v2: read secret version; 403, 404, 503)."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.errors import SecretError
from infra_kit.inventory.secrets import SecretStore
from infra_kit.lab.trust import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "hvs.loopback"
METADATA = {"created_time": "2024-01-01T00:00:00Z", "custom_metadata": None, "deletion_time": "", "destroyed": False, "version": 2}
SECRETS: dict[str, Any] = {
    "/v1/secret/data/site/bmc": {"data": {"data": {"password": "hunter2", "number": 7, "empty": ""}, "metadata": METADATA}},
    "/v1/kv1/data/old": {"data": {"password": "hunter2"}},
    "/v1/secret/data/a%20b": {"data": {"data": {"password": "spaced"}, "metadata": METADATA}},
}


class Vault(BaseHTTPRequestHandler):
    requests: list[str]
    drop: int

    def do_GET(self) -> None:
        server: Any = self.server
        server.seen.append((self.path, dict(self.headers)))
        if server.drop > 0:
            server.drop -= 1
            self.connection.close()
            return
        if self.headers["X-Vault-Token"] != TOKEN:
            self.answer(403, {"errors": ["permission denied"]})
        elif self.path == "/v1/secret/data/sealed":
            self.answer(503, {"errors": ["Vault is sealed"]})
        elif self.path == "/v1/secret/data/deleted":
            deleted = {**METADATA, "deletion_time": "2024-02-01T00:00:00Z"}
            self.answer(404, {"data": {"data": None, "metadata": deleted}})
        elif self.path == "/v1/secret/data/page":
            self.answer(200, None)
        elif self.path in SECRETS:
            self.answer(200, {"request_id": "1", "lease_id": "", "renewable": False, "lease_duration": 0, **SECRETS[self.path]})
        else:
            self.answer(404, {"errors": []})

    def answer(self, status: int, content: Any) -> None:
        body = b"<html>not an API</html>" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(params=["http", "https"])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Vault)
    server.seen, server.drop = [], 0
    if request.param == "https":
        authority = Authority(tmp_path / "tls")
        files = authority.issue("vault", "127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.certificate, files.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        monkeypatch.setenv("VAULT_CACERT", str(authority.certificate_file))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("VAULT_ADDR", f"{request.param}://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    monkeypatch.delenv("VAULT_NAMESPACE", raising=False)
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["secret/site/bmc", "secret/data/site/bmc", "/secret/site/bmc"])
def test_the_newest_version_of_a_key(server: Any, tmp_path: Path, path: str) -> None:
    store = SecretStore(tmp_path)
    assert store.resolve(f"vault:{path}#password").get_secret_value() == "hunter2"
    assert server.seen[0][0] == "/v1/secret/data/site/bmc"
    assert server.seen[0][1]["X-Vault-Request"] == "true"
    assert "X-Vault-Namespace" not in server.seen[0][1]


def test_namespace_and_odd_names(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_NAMESPACE", "team")
    assert SecretStore(tmp_path).resolve("vault:secret/a b#password").get_secret_value() == "spaced"
    assert server.seen[0][1]["X-Vault-Namespace"] == "team"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("secret/site/bmc#nothing", "has no key `nothing`"),
        ("secret/site/bmc#number", "is no text"),
        ("secret/site/bmc#empty", "is no text"),
        ("secret/nowhere#password", "404"),
        ("secret/deleted#password", "the newest version is deleted"),
        ("secret/sealed#password", "503 Vault is sealed"),
        ("kv1/old#password", "not that of a KV version 2 engine"),
        ("secret/page#password", "not that of a KV version 2 engine"),
        ("secret#password", "not complete"),
        ("secret/site/bmc", "not complete"),
    ],
)
def test_what_does_not_resolve_says_why_and_no_secret(server: Any, tmp_path: Path, reference: str, words: str) -> None:
    with pytest.raises(SecretError, match=words) as caught:
        SecretStore(tmp_path).resolve(f"vault:{reference}")
    assert caught.value.remedy
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"
    assert TOKEN not in f"{caught.value}{caught.value.__cause__}"


def test_a_wrong_token_is_tried_once(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "hvs.wrong")
    with pytest.raises(SecretError, match="403 permission denied"):
        SecretStore(tmp_path).resolve("vault:secret/site/bmc#password")
    assert len(server.seen) == 1


def test_a_dropped_connection_is_tried_again_but_not_for_ever(server: Any, tmp_path: Path) -> None:
    server.drop = 2
    assert SecretStore(tmp_path).resolve("vault:secret/site/bmc#password").get_secret_value() == "hunter2"
    server.drop = 99
    with pytest.raises(SecretError, match="does not answer"):
        SecretStore(tmp_path).resolve("vault:secret/site/bmc#password")
    assert len(server.seen) == 3 + 3


@pytest.mark.parametrize("server", ["https"], indirect=True)
def test_an_unknown_authority_is_refused(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAULT_CACERT")
    with pytest.raises(SecretError, match="certificate verify failed"):
        SecretStore(tmp_path).resolve("vault:secret/site/bmc#password")
    monkeypatch.setenv("VAULT_CACERT", str(tmp_path / "missing.pem"))
    with pytest.raises(SecretError, match="VAULT_CACERT"):
        SecretStore(tmp_path).resolve("vault:secret/site/bmc#password")
    assert server.seen == []


def test_settings_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VAULT_ADDR", "VAULT_TOKEN", "VAULT_CACERT"):
        monkeypatch.delenv(variable, raising=False)
    store = SecretStore(tmp_path)
    with pytest.raises(SecretError, match="VAULT_ADDR is not set"):
        store.resolve("vault:secret/site/bmc#password")
    monkeypatch.setenv("VAULT_ADDR", "http://vault.example.internal:8200")
    with pytest.raises(SecretError, match="is not https"):
        store.resolve("vault:secret/site/bmc#password")
    monkeypatch.setenv("VAULT_ADDR", "https://127.0.0.1:1")
    with pytest.raises(SecretError, match="VAULT_TOKEN is not set"):
        store.resolve("vault:secret/site/bmc#password")
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    with pytest.raises(SecretError, match="does not answer"):
        store.resolve("vault:secret/site/bmc#password")

"""The auth proxy as its pod has it: nginx with the rendered configuration, the gate as it is, in front of small models and a small hub."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.models.workspaces import Model
from infra_kit.stacks.workspaces.auth_proxy import configuration
from infra_kit.stacks.workspaces.context import Context
from infra_kit.stacks.workspaces.names import Names

from .conftest import large, reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
DOMAIN = "atelier.apps.configuration-1.example.internal"
MODELS = [
    Model(name="score", runtime="python-jupyterlab", uri="models:/score@champion"),
    Model(name="public", runtime="python-jupyterlab", uri="models:/public/3", authentication=False),
]
KEYS = {"score": ("access-of-score", "api-of-score"), "public": ("access-of-public", "api-of-public")}

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx (Debian package nginx-light) is not installed")


@cache
def files() -> dict[str, str]:
    workspace = large(models=MODELS)
    return configuration(Context(reference(), workspace, Names(reference(), workspace)))


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status: int, body: Any, **headers: str) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class Upstream(Quiet):
    """A model, MLflow, or an application: says what it was sent."""

    def do_GET(self) -> None:
        self.reply(200, {"path": self.path, "headers": dict(self.headers)})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append(dict(self.headers))  # type: ignore[attr-defined]
        self.reply(200, {"predictions": [len(each) for each in body["dataframe_records"]]})


class Hub(Quiet):
    """As much of JupyterHub's API as the gate asks."""

    def do_GET(self) -> None:
        token = self.headers["Authorization"].partition(" ")[2]
        self.server.asked += 1  # type: ignore[attr-defined]
        known = {"token-of-ada": {"name": "ada", "kind": "user"}, "token-of-culler": {"name": "idle-culler", "kind": "service"}}
        self.reply(200, known[token]) if token in known else self.reply(403, {})

    def do_POST(self) -> None:
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        good = form["client_secret"] == "gate-secret" and form["code"] == "code-of-ada"
        self.reply(200, {"access_token": "token-of-ada"}) if good else self.reply(400, {})


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def serve(handler: type[Quiet], **more: Any) -> Any:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    for name, value in more.items():
        setattr(server, name, value)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@dataclass
class Running:
    """The proxy, and what stands behind it."""

    port: int
    hub: Any
    upstream: Any
    log: Path
    keys: Path
    extra: dict[str, Any] = field(default_factory=dict)

    def ask(self, path: str, host: str = "auth-proxy.atelier", body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        found = json.loads(text) if text.startswith(("{", "[")) else text
        return answer.status, found, dict(answer.getheaders())

    def score(self, **headers: str) -> int:
        return self.ask("/models/score/invocations", body={"dataframe_records": [{"tenure": 8}]}, **headers)[0]

    def call(self, access: str, **headers: str) -> tuple[int, Any]:
        status, found, _ = self.ask(
            "/model", "modelservice.atelier", {"accessKey": access, "request": {"tenure": 8, "plan": "x"}}, **headers
        )
        return status, found


@pytest.fixture(scope="module")
def proxy(tmp_path_factory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("auth-proxy")
    keys = folder / "keys"
    for name, (access, api) in KEYS.items():
        (keys / "models" / name).mkdir(parents=True)
        (keys / "models" / name / "access-key").write_text(access)
        (keys / "models" / name / "api-key").write_text(api)
    (keys / "gate").write_text("gate-secret")
    hub, upstream = serve(Hub, asked=0), serve(Upstream, heard=[])
    port, gate_port = free_port(), free_port()
    written = {name: relocated(text, hub, upstream) for name, text in files().items()}
    nginx = written["nginx.conf"].replace("listen 8080", f"listen 127.0.0.1:{port}").replace("127.0.0.1:9000", f"127.0.0.1:{gate_port}")
    # The pod has a /tmp of its own.
    written["nginx.conf"] = nginx.replace("/tmp/", f"{folder}/").replace("/dev/stdout", f"{folder}/access.log")
    for name, text in written.items():
        (folder / name).write_text(text)
    settings = {"GATE_SETTINGS": str(folder / "gate.json"), "GATE_KEYS": str(keys), "GATE_PORT": str(gate_port)}
    gate = subprocess.Popen([sys.executable, str(folder / "gate.py")], env={**os.environ, **settings}, stderr=subprocess.PIPE)
    assert NGINX
    # Debian's has its own idea of where errors go before the configuration is read.
    server = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf"), "-g", "daemon off;", "-e", "stderr"], stderr=subprocess.PIPE)
    running = Running(port, hub, upstream, folder / "access.log", keys, {"folder": folder})
    try:
        running.extra["ready"] = until_ready(running)
        yield running
    finally:
        for process, with_what in ((server, signal.SIGQUIT), (gate, signal.SIGTERM)):
            process.send_signal(with_what)
            process.wait(10)
        hub.shutdown()
        upstream.shutdown()


def relocated(text: str, hub: Any, upstream: Any) -> str:
    text = re.sub(r"http://hub\.atelier\.svc\.cluster\.local:\d+", f"http://127.0.0.1:{hub.server_address[1]}", text)
    return re.sub(r"http://[a-z-]+\.atelier\.svc\.cluster\.local:\d+", f"http://127.0.0.1:{upstream.server_address[1]}", text)


def until_ready(running: Running) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if running.ask("/healthz")[0] == 200:
                return True
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError("the proxy did not come up")


# --- models ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer api-of-public"}, 401),
        ({"Authorization": "Basic api-of-score"}, 401),
        ({"Authorization": "Bearer access-of-score"}, 401),
        ({"Authorization": "Bearer token-of-culler"}, 401),
        ({"Authorization": "Bearer api-of-score"}, 200),
        ({"Authorization": "Bearer token-of-ada"}, 200),
        ({"Authorization": "Bearer api-of-score", "X_Access_Key": "access-of-score"}, 200),
        ({"Authorization": "Bearer api-of-score", "X_Access_Key": "access-of-public"}, 403),
    ],
)
def test_a_model_is_called_with_a_key_of_its_own_or_by_a_user(proxy, headers, status):
    assert proxy.score(**headers) == status


def test_a_refusal_says_what_is_asked_for(proxy):
    _, _, headers = proxy.ask("/models/score/invocations")
    assert headers["WWW-Authenticate"] == 'Bearer realm="atelier"'


def test_authentication_is_off_only_where_the_inventory_says_so(proxy):
    assert proxy.ask("/models/public/invocations", body={"dataframe_records": [{}]})[0] == 200
    assert proxy.ask("/invocations", f"public.models.{DOMAIN}", {"dataframe_records": [{}]})[0] == 200
    assert proxy.ask("/invocations", f"score.models.{DOMAIN}", {"dataframe_records": [{}]})[0] == 401
    assert proxy.ask("/invocations", f"score.models.{DOMAIN}", {"dataframe_records": [{}]}, Authorization="Bearer api-of-score")[0] == 200


def test_no_model_sees_a_key(proxy):
    proxy.upstream.heard.clear()
    proxy.score(Authorization="Bearer api-of-score", X_Access_Key="access-of-score", X_Forwarded_User="somebody-else")
    (heard,) = proxy.upstream.heard
    assert not {"Authorization", "X-Access-Key"} & set(heard)
    assert heard["X-Forwarded-User"] == "api-key"


def test_what_is_not_there_is_not_found_and_questions_are_nobodys(proxy):
    assert proxy.ask("/models/nothing/invocations")[0] == 404
    assert proxy.ask("/_check/model/public")[0] == 404
    assert proxy.ask("/_check/login", f"mlflow.{DOMAIN}")[0] == 404


@pytest.mark.parametrize("path", ["/model", "/altus-ds-1/models/call-model"])
def test_a_call_in_cmls_form_goes_to_the_model_of_its_access_key(proxy, path):
    body = {"accessKey": "access-of-score", "request": {"tenure": 8, "plan": "x"}}
    status, found, _ = proxy.ask(path, f"modelservice.{DOMAIN}", body, Authorization="Bearer api-of-score")
    assert status == 200
    assert found["success"] is True
    assert found["response"]["prediction"] == 2
    assert len(found["response"]["uuid"]) == 36
    assert found["modelDeploymentCrn"].endswith(":workspace:atelier/score")


@pytest.mark.parametrize(
    ("access", "headers", "status"),
    [
        ("access-of-score", {}, 401),
        ("access-of-score", {"Authorization": "Bearer api-of-public"}, 401),
        ("access-of-score", {"Authorization": "Bearer token-of-ada"}, 200),
        ("access-of-public", {}, 200),
        ("unknown", {"Authorization": "Bearer api-of-score"}, 404),
    ],
)
def test_the_access_key_names_the_model_and_the_api_key_opens_it(proxy, access, headers, status):
    found = proxy.call(access, **headers)
    assert found[0] == status
    assert found[1]["success"] is (status == 200)


def test_several_records_give_several_predictions(proxy):
    body = {"accessKey": "access-of-public", "request": {"dataframe_records": [{"a": 1}, {"a": 1, "b": 2}]}}
    assert proxy.ask("/model", body=body)[1]["response"]["prediction"] == [1, 2]


@pytest.mark.parametrize("body", [[], {"request": {}}, "text", {"accessKey": None}])
def test_a_call_without_form_is_refused_in_words(proxy, body):
    status, found, _ = proxy.ask("/model", body=body)
    assert status in {400, 404}
    assert found["errors"]


def test_a_changed_key_counts_at_once(proxy):
    file = proxy.keys / "models" / "score" / "api-key"
    file.write_text("another")
    try:
        assert proxy.score(Authorization="Bearer api-of-score") == 401
        assert proxy.score(Authorization="Bearer another") == 200
    finally:
        file.write_text("api-of-score")


def test_the_hub_is_asked_once_for_many_calls(proxy):
    proxy.score(Authorization="Bearer token-of-ada")
    before = proxy.hub.asked
    assert {proxy.score(Authorization="Bearer token-of-ada") for _ in range(20)} == {200}
    assert proxy.hub.asked == before


def test_no_key_is_in_the_log(proxy):
    proxy.ask("/models/score/invocations?accessKey=access-of-score", Authorization="Bearer api-of-score")
    text = proxy.log.read_text()
    assert "/models/score/invocations" in text
    assert not any(each in text for keys in KEYS.values() for each in keys)


# --- pages -------------------------------------------------------------------------------------------------------------------------------


@dataclass
class Browser:
    """Keeps cookies by host, as browsers do."""

    proxy: Running
    jar: dict[str, dict[str, str]] = field(default_factory=dict)

    def get(self, url: str) -> tuple[int, Any, str]:
        parts = urllib.parse.urlsplit(url)
        jar = self.jar.setdefault(parts.netloc, {})
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        more = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        status, body, headers = self.proxy.ask(path, parts.netloc, **more)
        if "Set-Cookie" in headers:
            name, _, value = headers["Set-Cookie"].partition(";")[0].partition("=")
            jar[name] = value
        return status, body, headers.get("Location", "")

    def as_far_as_the_hub(self, page: str) -> str:
        """Opens a page; the state that the hub is to send back."""
        status, _, location = self.get(f"https://{page}/#/x?experiment=1".replace("#/", ""))
        assert status == 302
        assert location.startswith(f"https://hub.{DOMAIN}/hub/api/oauth2/authorize?")
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
        assert query["redirect_uri"] == f"https://login.{DOMAIN}/callback"
        return query["state"]

    def back(self, state: str, code: str = "code-of-ada") -> tuple[int, Any, str]:
        return self.get(f"https://login.{DOMAIN}/callback?" + urllib.parse.urlencode({"state": state, "code": code}))


@pytest.mark.parametrize("page", ["mlflow", "spark-history", "review"])
def test_a_browser_logs_in_at_the_hub_and_comes_back_to_its_page(proxy, page):
    browser, host = Browser(proxy), f"{page}.{DOMAIN}"
    status, _, accept = browser.back(browser.as_far_as_the_hub(host))
    assert status == 302
    status, _, wanted = browser.get(accept)
    assert (status, wanted) == (302, "/x?experiment=1")
    status, seen, _ = browser.get(f"https://{host}{wanted}")
    assert status == 200
    assert seen["path"] == "/x?experiment=1"
    assert seen["headers"]["X-Forwarded-User"] == "ada"
    assert seen["headers"]["Host"] == host


def test_an_application_gets_its_own_cookies_and_not_the_login(proxy):
    browser, host = Browser(proxy), f"review.{DOMAIN}"
    browser.get(browser.back(browser.as_far_as_the_hub(host))[2])
    browser.jar[host] |= {"theme": "dark"}
    browser.jar[host] = dict(reversed(browser.jar[host].items()))
    seen = browser.get(f"https://{host}/")[1]
    assert "theme=dark" in seen["headers"]["Cookie"]
    login = browser.jar[host]["infra-kit-login"]
    assert login not in json.dumps(seen)


def test_a_login_is_for_one_host_one_browser_and_unforged(proxy):
    browser, host = Browser(proxy), f"mlflow.{DOMAIN}"
    accept = browser.back(browser.as_far_as_the_hub(host))[2]
    assert Browser(proxy).get(accept)[0] == 400  # somebody else's browser: it has not begun this login
    assert browser.get(accept.replace(host, f"review.{DOMAIN}"))[0] == 400
    browser.get(accept)
    browser.jar[f"review.{DOMAIN}"] = dict(browser.jar[host])
    assert browser.get(f"https://review.{DOMAIN}/")[0] == 302
    browser.jar[host]["infra-kit-login"] = browser.jar[host]["infra-kit-login"][:-2] + "00"
    assert browser.get(f"https://{host}/")[0] == 302


def test_whom_the_hub_does_not_know_is_not_let_in(proxy):
    browser = Browser(proxy)
    assert browser.back(browser.as_far_as_the_hub(f"mlflow.{DOMAIN}"), code="forged")[0] == 403
    assert browser.back("forged")[0] == 400


def test_a_program_is_told_to_show_a_token(proxy):
    host = f"mlflow.{DOMAIN}"
    assert proxy.ask("/api/2.0/mlflow/runs/create", host, {"dataframe_records": []})[0] == 401
    assert proxy.ask("/api/2.0/mlflow/runs/create", host, {"dataframe_records": []}, Authorization="Bearer wrong")[0] == 401
    status, _, _ = proxy.ask("/api/2.0/mlflow/runs/create", host, {"dataframe_records": []}, Authorization="Bearer token-of-ada")
    assert status == 200


# --- a new revision comes ----------------------------------------------------------------------------------------------------------------


class Balancer:
    """What kube-proxy does for a Service: a new connection goes to one of the ready pods; those that there are stay."""

    def __init__(self, *targets: int) -> None:
        self.targets = list(targets)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self._join, args=(client, socket.create_connection(("127.0.0.1", self.targets[0]))), daemon=True
            ).start()

    @staticmethod
    def _join(client: socket.socket, target: socket.socket) -> None:
        def copy(source: socket.socket, sink: socket.socket) -> None:
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        back = threading.Thread(target=copy, args=(target, client), daemon=True)
        back.start()
        copy(client, target)
        back.join()
        client.close()
        target.close()

    def close(self) -> None:
        self._listener.close()


def test_no_request_is_lost_while_a_models_pods_are_exchanged(proxy, tmp_path):
    old, new = serve(Upstream, heard=[]), serve(Upstream, heard=[])
    balancer = Balancer(old.server_address[1])
    text = (proxy.extra["folder"] / "nginx.conf").read_text()
    port = free_port()
    text = text.replace(f"127.0.0.1:{proxy.port}", f"127.0.0.1:{port}").replace(f"{proxy.extra['folder']}/", f"{tmp_path}/")
    text = text.replace(f"http://127.0.0.1:{proxy.upstream.server_address[1]}", f"http://127.0.0.1:{balancer.port}")
    (tmp_path / "nginx.conf").write_text(text)
    assert NGINX
    server = subprocess.Popen([NGINX, "-c", str(tmp_path / "nginx.conf"), "-g", "daemon off;", "-e", "stderr"], stderr=subprocess.PIPE)
    second = Running(port, proxy.hub, old, tmp_path / "access.log", proxy.keys)
    answers: list[int] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            answers.append(second.score(Authorization="Bearer api-of-score"))

    try:
        until_ready(second)
        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: len(old.heard) >= 100)
        balancer.targets = [new.server_address[1]]  # ready, and the old one is told to end, but goes on
        until(lambda: len(new.heard) >= 100)
        old.shutdown()
        old.server_close()
        until(lambda: len(new.heard) >= 200)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        server.send_signal(signal.SIGQUIT)
        server.wait(10)
        balancer.close()
        new.shutdown()
    assert len(answers) >= 300
    assert set(answers) == {200}


def until(condition: Any) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


# --- the files themselves ----------------------------------------------------------------------------------------------------------------


def test_no_secret_is_in_the_files():
    assert not any(word in text for text in files().values() for word in ("${infra-kit-secret", "access-of-", "api-of-"))


def test_without_an_ingress_there_are_no_hosts_and_models_answer_by_path():
    from .conftest import site_with

    site, workspace = site_with(reference(), ingress=None), large(models=MODELS)
    found = configuration(Context(site, workspace, Names(site, workspace)))
    assert "server_name _;" in found["nginx.conf"]
    assert found["nginx.conf"].count("server_name ") == 1
    assert json.loads(found["gate.json"])["pages"] == []

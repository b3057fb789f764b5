"""The program that mails about failed jobs, run as it is, with its own account, against the real API server and a mail relay."""

from __future__ import annotations

import base64
import json
import os
import socketserver
import subprocess
import sys
import threading
from typing import Any

import pytest

from .conftest import manifests, standard

NAMESPACE = "atelier-user-ada"


class Relay(socketserver.StreamRequestHandler):
    """As much of SMTP as one client needs."""

    def handle(self) -> None:
        self._say("220 relay")
        while line := self.rfile.readline().decode().strip():
            if line.upper() == "DATA":
                self._say("354 go on")
                lines = []
                while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    lines.append(text)
                self.server.mails.append("\n".join(lines))  # type: ignore[attr-defined]
            self._say("221 bye" if line.upper() == "QUIT" else "250 fine")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def relay():
    server: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay)
    server.mails = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def look(atelier, relay, tmp_path):
    """Runs the program as its CronJob would."""
    view = json.loads(atelier.plane.kubectl("config", "view", "--raw", "--flatten", "-o", "json").stdout)["clusters"][0]["cluster"]
    (tmp_path / "ca.crt").write_bytes(base64.b64decode(view["certificate-authority-data"]))
    (tmp_path / "token").write_text(atelier.plane.kubectl("create", "token", "failed-jobs", "-n", "atelier").stdout)
    program = tmp_path / "program.py"
    config = next(each for each in manifests(standard(), "ConfigMap") if each["metadata"]["name"] == "failed-jobs")
    program.write_text(config["data"]["mail_failed_jobs.py"])
    cron = next(each for each in manifests(standard(), "CronJob") if each["metadata"]["name"] == "failed-jobs")
    container = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    settings = {each["name"]: each["value"] for each in container["env"]}

    def run(port: int = relay.server_address[1]) -> subprocess.CompletedProcess[str]:
        where = {"MAIL_RELAY": "127.0.0.1", "MAIL_PORT": str(port), "ACCOUNT_FOLDER": str(tmp_path), "API_SERVER": view["server"]}
        return subprocess.run(
            [sys.executable, str(program), *container["args"]],
            env={**os.environ, **settings, **where},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def failed(atelier):
    """A run of the nightly job that the cluster itself ended: its time was up."""
    job = json.loads(
        atelier.plane.kubectl(
            "create", "job", "nightly-failed", "--from=cronjob/nightly", "-n", NAMESPACE, "--dry-run=client", "-o", "json"
        ).stdout
    )
    job["spec"]["activeDeadlineSeconds"] = 1
    # Nothing of the cluster has these nodes, so it cannot succeed in its one second.
    job["spec"]["template"]["spec"]["nodeSelector"] = {"example.internal/nowhere": "true"}
    atelier.plane.kubectl("create", "-f", "-", stdin=json.dumps(job))
    atelier.plane.kubectl("wait", "job/nightly-failed", "-n", NAMESPACE, "--for=condition=Failed", "--timeout=60s")
    yield
    atelier.plane.kubectl("delete", "job", "nightly-failed", "-n", NAMESPACE)


def test_a_failure_is_mailed_once_to_whom_the_job_names(relay, failed, look):
    done = look()
    assert done.returncode == 0, done.stderr
    assert len(relay.mails) == 1
    assert "To: ada@example.internal" in relay.mails[0]
    assert "Subject: [atelier] job nightly-failed failed: DeadlineExceeded" in relay.mails[0]
    assert "kubectl logs -n atelier-user-ada job/nightly-failed" in relay.mails[0]
    assert look().returncode == 0
    assert len(relay.mails) == 1


def test_a_mail_that_the_relay_does_not_take_is_sent_again(relay, failed, look):
    refused = look(port=1)
    assert refused.returncode == 1
    assert "nightly-failed" in refused.stderr
    assert not relay.mails
    assert look().returncode == 0
    assert len(relay.mails) == 1

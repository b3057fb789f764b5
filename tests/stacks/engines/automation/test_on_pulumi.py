"""What only the engine over Pulumi has: a state beside the cluster, its lock, its secrets, its processes."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from infra_kit.inventory.access import KUBERNETES, open_access
from infra_kit.inventory.load import load_site
from infra_kit.stacks.engines.automation import idle

SECRET = "open-sesame-and-no-other"


class Watch:
    """Looks into the arguments and the environment of every process that Pulumi has to do with."""

    def __init__(self, *needles):
        self._needles = [each.encode() for each in needles]
        self._stop = threading.Event()
        self.looked_at, self.found = set(), set()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _look(self):
        while not self._stop.wait(0.02):
            for folder in Path("/proc").iterdir():
                with suppress(OSError):
                    if folder.name.isdecimal():
                        self._look_at(folder)

    def _look_at(self, folder):
        arguments = (folder / "cmdline").read_bytes()
        program = arguments.partition(b"\0")[0].rpartition(b"/")[2].decode(errors="replace")
        if not (program.startswith("pulumi") or b"engines.automation.driver" in arguments):
            return
        self.looked_at.add(program)
        text = arguments + (folder / "environ").read_bytes()
        self.found |= {(program, each) for each in self._needles if each in text}


def test_secrets_are_neither_in_files_nor_in_processes(bench, pulumi_site, monkeypatch):
    monkeypatch.setenv("CONFORMANCE_SECRET", SECRET)
    case = bench("secret")
    token = open_access(load_site(pulumi_site), case.endpoints).endpoint(KUBERNETES, KUBERNETES).password().get_secret_value()
    needles = [SECRET, token, "not much of a passphrase"]
    with Watch(*needles) as watch:
        assert {kind for kind, _ in case.apply().values()} == {"done"}
        assert case.actions() == {}
    assert {"pulumi", "pulumi-resource-kubernetes"} <= watch.looked_at
    assert watch.found == set()
    kept = [each for each in (pulumi_site / ".infra-kit").rglob("*") if each.is_file()]
    assert any("backend" in each.parts for each in kept)
    for each in kept:
        content = each.read_bytes()
        for needle in needles:
            assert needle.encode() not in content, each
            assert base64.b64encode(needle.encode()) not in content, each
    assert (pulumi_site / ".infra-kit" / "pulumi").stat().st_mode & 0o077 == 0


def test_a_state_that_was_lost_is_taken_up_again(bench, pulumi_site):
    case = bench("settings")
    case.converge("settings")
    uid = case.get("ConfigMap", "settings")["metadata"]["uid"]
    idle.close()
    shutil.rmtree(pulumi_site / ".infra-kit" / "pulumi")
    reasons = {entry.diff.reason for entry in case.plan().values()}
    assert reasons == {"is on the cluster, and not in Pulumi's state: it is taken up there"}
    case.converge("settings")
    assert case.get("ConfigMap", "settings")["metadata"]["uid"] == uid


def test_what_is_not_in_the_state_can_be_removed_all_the_same(bench, pulumi_site):
    case = bench("settings")
    case.converge("settings")
    idle.close()
    shutil.rmtree(pulumi_site / ".infra-kit" / "pulumi")
    assert {kind for kind, _ in case.destroy().values()} == {"done"}
    assert case.hand.get("v1", "Namespace", "", case.namespace) is None


def test_the_lock_of_a_dead_process_is_named_and_taken_over_on_resume(bench, pulumi_site):
    case = bench("settings")
    case.converge("settings")
    case.edit("ConfigMap", "settings", {"data": {"greeting": "changed"}})
    state = next((pulumi_site / ".infra-kit" / "pulumi" / "backend" / ".pulumi" / "stacks").rglob(f"*{case.namespace}.json"))
    locks = state.parents[2] / "locks" / "organization" / state.parent.name / state.stem
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    locks.mkdir(parents=True, exist_ok=True)
    held = {"pid": dead.pid, "username": "anna", "hostname": socket.gethostname(), "timestamp": "2026-11-21T10:00:00Z"}
    (locks / "left.json").write_text(json.dumps(held), encoding="utf-8")

    kind, message = case.apply()[f"ConfigMap/{case.namespace}/settings"]
    assert kind == "failed"
    assert f"locked by a process that is no more (anna@{socket.gethostname()}, process {dead.pid}" in message
    assert case.run(resume=True).exit_code == 0
    assert case.settings()["greeting"] == "hello"


def test_another_passphrase_changes_nothing_and_is_named(bench, pulumi_site, monkeypatch):
    monkeypatch.setenv("CONFORMANCE_SECRET", SECRET)
    case = bench("secret")
    case.converge("secret")
    idle.close()
    file = pulumi_site / "passphrase"
    before = file.read_text(encoding="utf-8")
    file.write_text("another", encoding="utf-8")
    try:
        entries = case.plan().values()
        outcomes = case.destroy().values()
    finally:
        file.write_text(before, encoding="utf-8")
        idle.close()
    assert {entry.diff.action for entry in entries} == {"unknown"}
    assert all("the passphrase is not the one" in entry.diff.reason for entry in entries)
    assert "done" not in {kind for kind, _ in outcomes}
    assert case.actions() == {}


def test_force_is_given_for_one_change_and_leaves_no_trace(bench):
    case = bench("basic_two_replicas")
    case.converge("basic_two_replicas")
    case.kubectl("scale", "deployment/web", "--replicas=1")
    case.converge("basic_two_replicas")
    live = case.get("Deployment", "web")
    assert live["spec"]["replicas"] == 2
    assert "pulumi.com/patchForce" not in live["metadata"]["annotations"]


@pytest.mark.badday
def test_pulumi_killed_in_the_middle_is_resumed(bench):
    case = bench("many")

    def kill(event):
        if event.moment == "verified" and not killed:
            killed.extend(_pulumi())
            for pid in killed:
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)

    killed: list[int] = []
    from conformance_bench import Script

    report = case.run(script=Script(on_event=kill))
    assert killed
    assert report.exit_code in {0, 5}
    assert case.run(resume=True).exit_code == 0
    assert case.actions() == {}


def _pulumi():
    """The processes of Pulumi that this one's children have started."""
    found = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdecimal() and (folder / "comm").read_text().startswith("pulumi") and _is_ours(int(folder.name)):
                found.append(int(folder.name))
    return found


def _is_ours(pid):
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        if pid == os.getpid():
            return True
    return False

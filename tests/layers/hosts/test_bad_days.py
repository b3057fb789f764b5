from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from infra_kit.inventory.errors import ExitCode
from infra_kit.layers.hosts.remote.client import HostReader

ROLES = ("note", "unsure", "first", "fickle", "loud", "reboot")
ANSWER = json.dumps({"applied": {}, "roles": {role: {"fingerprint": "sha256:0", "failed": []} for role in ROLES}})
"""What a look says of a host to which nothing was ever applied."""


class Connected:
    """Stands for the connection of a look that is not taken."""

    def get_transport(self):
        return self

    def is_active(self):
        return True

    def close(self): ...


def reasons(stand):
    return {each: entry.diff.reason for each, entry in stand.plan().items() if entry.diff.action == "unknown"}


def overlay(stand, old, new):
    text = stand.overlay.read_text()
    assert old in text
    stand.overlay.write_text(text.replace(old, new))
    return text


@pytest.fixture
def kept(stand):
    """The overlay and the pinned keys are put back afterwards."""
    files = {file: file.read_text() for file in (stand.overlay, stand.folder / "known_hosts")}
    stand.names = ("worker01",)
    yield stand
    for file, text in files.items():
        file.write_text(text)


def leftovers():
    """Folders and processes of runs of Ansible on this machine."""
    folders = {str(each) for each in Path("/dev/shm").glob("ik-*")}
    processes = set()
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = each.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "/ik-" in text or "hosts.runner.child" in text:
            processes.add(each.parent.name)
    return folders, processes


def settled(before, seconds=30.0):
    """What is left beyond what was there before, once what is ending has ended."""
    deadline = time.monotonic() + seconds
    while (left := tuple(now - then for now, then in zip(leftovers(), before, strict=True))) != (set(), set()):
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    return left


def test_a_wrong_login_is_tried_once_and_named(kept, monkeypatch):
    monkeypatch.setenv("HOSTS_LOGIN", "wrong")
    assert reasons(kept)["hosts/note/worker01"] == (
        "worker01: the login of user ansible by SSH was refused (check credential env:HOSTS_LOGIN; it was tried once)"
    )


def test_another_host_key_than_the_pinned_is_refused(kept):
    lines = (kept.folder / "known_hosts").read_text().splitlines()
    places, keys = zip(*(line.split(" ", 1) for line in lines), strict=True)
    turned = "".join(f"{place} {key}\n" for place, key in zip(places, [*keys[1:], keys[0]], strict=True))
    (kept.folder / "known_hosts").write_text(turned)
    reason = reasons(kept)["hosts/note/worker01"]
    assert "its SSH host key (ssh-ed25519 SHA256:" in reason
    assert f"is not the one pinned in {kept.folder / 'known_hosts'}" in reason


def test_a_host_without_a_pinned_key_is_not_talked_to(kept):
    (kept.folder / "known_hosts").write_text("")
    assert "its SSH host key is not pinned" in reasons(kept)["hosts/note/worker01"]


def test_a_silent_host_is_unknown_and_the_others_are_planned(kept):
    kept.names = ("worker01", "worker02")
    kept.devices["worker01"].faults.update({"unreachable": True})
    kept.run(kept.devices["worker01"].feel_faults())
    try:
        entries = kept.plan()
    finally:
        kept.devices["worker01"].faults.update({"unreachable": False})
        kept.run(kept.devices["worker01"].feel_faults())
    assert entries["hosts/note/worker01"].diff.action == "unknown"
    assert "worker01: no SSH at 127.0.0.1:" in entries["hosts/note/worker01"].diff.reason
    assert entries["hosts/note/worker02"].diff.action == "update"


def test_sudo_that_refuses_is_told_apart_from_the_login(kept):
    kept.on("worker01", "cp -p /etc/sudoers /etc/sudoers.kept; rm -rf /etc/sudoers.d.kept; cp -a /etc/sudoers.d /etc/sudoers.d.kept")
    kept.on("worker01", "rm -f /etc/sudoers.d/*; echo 'root ALL=(ALL:ALL) ALL' > /etc/sudoers; gpasswd -d ansible sudo || true")
    try:
        assert "worker01: user ansible may not become root by sudo: " in reasons(kept)["hosts/note/worker01"]
    finally:
        kept.on("worker01", "mv /etc/sudoers.kept /etc/sudoers; rm -rf /etc/sudoers.d; mv /etc/sudoers.d.kept /etc/sudoers.d")
        kept.on("worker01", "gpasswd -a ansible sudo || true")


def test_sudo_that_wants_another_password_all_at_once_is_named_and_tried_once(kept, monkeypatch):
    kept.on("worker01", "echo 'Defaults rootpw' > /etc/sudoers.d/99-test; echo root:another | chpasswd")
    # The look finds it first; here it is as if it changed between the look and the role.
    monkeypatch.setattr(HostReader, "_exchange", lambda *_: ANSWER)
    try:
        reason = reasons(kept)["hosts/note/worker01"]
    finally:
        kept.on("worker01", "rm /etc/sudoers.d/99-test; usermod --lock root")
    assert reason.startswith("worker01: sudo refused the password of user ansible: ")


def test_another_host_key_between_the_look_and_the_role_is_refused_by_ssh(kept, monkeypatch):
    monkeypatch.setattr(HostReader, "_exchange", lambda *_: ANSWER)
    monkeypatch.setattr("infra_kit.layers.hosts.remote.client._connect", lambda _: Connected())
    lines = (kept.folder / "known_hosts").read_text().splitlines()
    places, keys = zip(*(line.split(" ", 1) for line in lines), strict=True)
    turned = "".join(f"{place} {key}\n" for place, key in zip(places, [*keys[1:], keys[0]], strict=True))
    (kept.folder / "known_hosts").write_text(turned)
    reason = reasons(kept)["hosts/note/worker01"]
    assert reason.startswith(f"worker01: its SSH host key is not the one pinned in {kept.folder / 'known_hosts'}: ")


def test_a_secret_that_does_not_resolve_makes_its_own_role_unknown(kept, monkeypatch):
    monkeypatch.delenv("NOTE_PASSWORD")
    entries = kept.plan()
    assert entries["hosts/note/worker01"].diff.reason.startswith("secret reference env:NOTE_PASSWORD: ")
    assert entries["hosts/loud/worker01"].diff.action == "update"


def test_a_host_that_is_lost_half_way_is_said_to_be_and_the_others_finish(kept):
    kept.names = ("worker01", "worker02")
    kept.values["fickle", "worker01"] = {"fickle_seconds": 60}
    from hosts_bench import Dialogue

    dialogue = Dialogue()

    def lose(event):
        if event.moment == "waiting" and "Wait for it" in event.message:
            dialogue.on_event = lambda _: None
            kept.devices["worker01"].faults.update({"powered_off": True})
            kept.run(kept.devices["worker01"].feel_faults())

    dialogue.on_event = lose
    try:
        report = kept.apply(dialogue)
    finally:
        kept.devices["worker01"].faults.update({"powered_off": False})
        kept.run(kept.devices["worker01"].feel_faults())
        kept.run(kept.hosts.hosts["worker01"].ready())
    assert report.exit_code == ExitCode.PARTIAL
    assert "it stopped answering at task 'Wait for it' of role fickle" in report.outcomes["hosts/fickle/worker01"].message
    assert report.outcomes["hosts/loud/worker01"].kind == "skipped"
    assert report.outcomes["hosts/loud/worker02"].kind == "done"
    kept.values.clear()
    assert kept.apply(resume=True).exit_code == ExitCode.OK


def test_an_interrupted_run_ends_ansible_and_everything_of_it_and_can_be_resumed(kept):
    from hosts_bench import Dialogue

    before = leftovers()
    kept.values["fickle", "worker01"] = {"fickle_seconds": 120}
    dialogue = Dialogue()

    def interrupt(event):
        if event.moment == "waiting" and "Wait for it" in event.message:
            dialogue.on_event = lambda _: None
            os.kill(os.getpid(), signal.SIGINT)

    dialogue.on_event = interrupt
    report = kept.apply(dialogue)
    assert report.exit_code == ExitCode.PARTIAL
    assert report.state == "interrupted"
    assert "interrupted in or before role fickle" in report.outcomes["hosts/fickle/worker01"].message
    assert report.outcomes["hosts/note/worker01"].kind == "done"
    assert report.outcomes["hosts/loud/worker01"].kind == "skipped"
    assert settled(before) == (set(), set())
    kept.values.clear()
    report = kept.apply(resume=True)
    assert report.exit_code == ExitCode.OK
    assert report.outcomes["hosts/note/worker01"].kind == "none"


KILLED = """
import sys
sys.path.insert(0, {here!r})
import asyncio, pathlib
import bench as hosts_bench
from infra_kit.layers.hosts.role import Role
values = {{("fickle", "worker01"): {{"fickle_seconds": 120}}}}
up = hosts_bench.Bench(pathlib.Path({folder!r}), None, None, {{}}, pathlib.Path({overlay!r}), values, ("worker01",))
Role.variables = hosts_bench.variables(up)
class Loud(hosts_bench.Dialogue):
    def event(self, event):
        if event.moment == "waiting":
            print(event.message, flush=True)
up.apply(Loud())
"""


def noted(kept, host, role):
    """Wait until what was done there is noted, which a run does every some seconds."""
    for _ in range(150):
        written = json.loads(kept.on(host, "cat /var/lib/infra-kit/applied.json"))
        entry = (written.get("roles") or written).get(role, {})
        if entry and "begun" not in entry:
            return
        time.sleep(0.2)
    pytest.fail(f"nothing was noted of {role} on {host}")


def test_a_run_that_is_killed_takes_ansible_with_it_and_is_taken_up_from_the_journal_and_the_notes(kept):
    before = leftovers()
    program = KILLED.format(here=str(Path(__file__).parent), folder=str(kept.folder), overlay=str(kept.overlay))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as killed:
        for line in killed.stdout:
            if "Wait for it" in line:
                noted(kept, "worker01", "note")
                killed.kill()
                break
    assert killed.returncode == -signal.SIGKILL
    assert settled(before) == (set(), set())
    report = kept.apply(resume=True, break_lock=True)
    assert report.exit_code == ExitCode.OK
    assert report.outcomes["hosts/note/worker01"].kind == "none"
    assert report.outcomes["hosts/fickle/worker01"].kind == "done"


def test_no_secret_is_in_any_file_process_or_record(kept):
    from hosts_bench import LOGIN, NOTE_PASSWORD, processes_that_say

    secrets = (LOGIN.password, NOTE_PASSWORD)
    found: list[str] = []
    over = threading.Event()
    before = leftovers()[0]

    def look():
        while not over.is_set():
            found.extend(processes_that_say(*secrets))
            for folder in {str(each) for each in Path("/dev/shm").glob("ik-*")} - before:
                for file in Path(folder).rglob("*"):
                    try:
                        if file.is_file() and any(secret.encode() in file.read_bytes() for secret in secrets):
                            found.append(str(file))
                    except OSError:
                        continue

    kept.values["fickle", "worker01"] = {"fickle_seconds": 2}
    looking = threading.Thread(target=look)
    looking.start()
    try:
        report = kept.apply()
    finally:
        over.set()
        looking.join()
    assert report.exit_code == ExitCode.OK
    assert found == []
    written = [file for file in (kept.folder / "site").rglob("*") if file.is_file()]
    assert [str(file) for file in written if any(secret.encode() in file.read_bytes() for secret in secrets)] == []

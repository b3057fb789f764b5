"""What events come to; the events are as Ansible gave them."""

from __future__ import annotations

import pytest

from infra_kit.inventory.errors import AuthenticationError, HalfDoneError, RefusedError, TrustError, UnreachableError
from infra_kit.layers.hosts.collector import Collector
from infra_kit.layers.hosts.fault import error_of, known_faults
from infra_kit.layers.hosts.result import RoleResult, changes_of, text_of

NAMES = {"user": "ansible", "known_hosts": "/site/known_hosts", "packages": "http://mirror/debian"}


DEFAULTS = {"host": "a", "role": "x", "tags": [], "action": "files", "diff": [], "items": [], "place": "", "hidden": False}


def event(status, task="Do it", **more):
    known = {key: more.pop(key) for key in DEFAULTS if key in more}
    return {"event": "result", "task": task, "status": status, **DEFAULTS, **known, "answer": more}


def result(*events, check=True):
    found = RoleResult()
    for each in events:
        found.take(each, check=check)
    return found


def test_files_are_shown_as_unified_differences_under_their_own_path():
    state = result(
        event("changed", diff=[{"place": "", "before": "", "after": "a\n", "before_header": "/etc/a", "after_header": "/etc/a"}]),
        event(
            "changed",
            "Template",
            place="/etc/b",
            diff=[{"place": "", "before": "", "after": "b\n", "after_header": "/dev/shm/ik-x/tmp/ansible-local-1-x/b.j2"}],
        ),
        event("changed", "Mode", diff=[{"place": "/etc/c", "before": {"mode": "0644"}, "after": {"mode": "0600"}}]),
        event("changed", "Packages", diff=[{"place": "", "prepared": "+ chrony 4.3"}]),
        event("changed", "Something else"),
        event("ok", "Not this"),
    ).state()
    text = text_of(state)
    assert "--- /etc/a\n+++ /etc/a\n@@ -0,0 +1 @@\n+a\n" in text
    assert "+++ /etc/b\n@@ -0,0 +1 @@\n+b\n" in text
    assert '-{\n- "mode": "0644"\n-}' in text or ' {\n- "mode": "0644"\n+ "mode": "0600"\n }' in text
    assert "+ chrony 4.3\n" in text
    assert "~ Something else\n" in text
    assert [change.path for change in changes_of(state)] == ["/etc/a", "/etc/b", "/etc/c", "Packages", "Something else"]


def test_a_long_difference_is_cut_and_a_hidden_one_not_shown():
    long = event("changed", diff=[{"before": "", "after": "x\n" * 1000, "before_header": "/etc/a"}])
    assert "lines more" in text_of(result(long).state())
    hidden = event("changed", "Secret", hidden=True, diff=[{"before": "", "after": "never\n", "before_header": "/etc/a"}])
    assert text_of(result(hidden).state()) == "~ Secret\n"


@pytest.mark.parametrize(
    ("told", "unknown"),
    [
        (event("skipped", msg="Command would have run if not in check mode"), True),
        (event("skipped", msg="remote module (x) does not support check mode"), True),
        (event("skipped", skip_reason="Conditional result was False"), False),
        (event("skipped", tags=["unknown_in_check"], skip_reason="Conditional result was False"), False),
        (event("ok", tags=["unknown_in_check"]), True),
        (event("failed", tags=["unknown_in_check"], msg="kubeadm: not found"), True),
        (event("ok"), False),
    ],
)
def test_what_cannot_tell_in_check_mode_is_unknown(told, unknown):
    assert (result(told).unknown == ["Do it"]) is unknown
    assert result(told).failure is None


def test_the_worst_disruption_of_what_would_change_counts():
    found = result(
        event("changed", tags=["disruption_reload"]),
        event("ok", tags=["disruption_recreate"]),
        event("changed", tags=["disruption_reboot"]),
    )
    assert found.disruption == "reboot"


def test_a_failure_that_was_rescued_or_ignored_is_none_in_earnest_and_is_noted_in_check_mode():
    failed = event("failed", "Try", msg="no")
    assert result(failed, event("ok", "Rescue"), check=False).failure is None
    assert result({**failed, "ignored": True}, check=False).failure is None
    assert result({**failed, "ignored": True}, event("ok", "Next")).state()["failed"] == "task 'Try' failed: no"


@pytest.mark.parametrize(
    ("told", "kind", "words"),
    [
        (event("unreachable", msg="Failed to connect to the host via ssh: Host key verification failed."), TrustError, "/site/known_hosts"),
        (
            event("unreachable", msg="Invalid/incorrect password: ansible@h: Permission denied (publickey,password)."),
            AuthenticationError,
            "user ansible",
        ),
        (
            event("failed", "Gathering Facts", msg="Incorrect sudo password"),
            AuthenticationError,
            "sudo refused the password of user ansible",
        ),
        (event("unreachable", msg="ssh: connect to host h port 22: Connection timed out"), UnreachableError, "stopped answering"),
        (event("failed", msg="apt failed", stderr="E: Failed to fetch http://mirror"), RefusedError, "http://mirror/debian must answer"),
        (
            event("failed", items=[{"status": "failed", "item": "chrony", "msg": "No package matching 'chrony'"}]),
            RefusedError,
            "chrony: No",
        ),
        (event("failed"), RefusedError, "without a word"),
        (event("failed", hidden=True), RefusedError, "hidden"),
    ],
)
def test_faults_say_what_where_and_what_to_do(told, kind, words):
    error = error_of("a", "x", result(told, check=False), NAMES)
    assert type(error) is kind
    assert words in str(error)
    assert error.remedy


def test_a_failure_after_a_change_is_half_done():
    assert type(error_of("a", "x", result(event("changed"), event("failed", msg="no"), check=False), NAMES)) is HalfDoneError


def test_every_known_fault_can_be_said():
    assert all(each.remedy.format_map({"host": "a", **NAMES}) and each.what.format_map(NAMES) is not None for each in known_faults())


class Told:
    def __init__(self, *, check=False):
        self.ended: list[tuple[str, str, bool]] = []
        self.said: list[tuple[str, str, str]] = []
        wanted = {"a": ["x", "y"], "b": ["y"], "c": ["x", "y"]}
        self.collector = Collector(
            wanted,
            ["x", "y"],
            lambda host, role, result: self.ended.append((host, role, result.failure is None and result.unreachable is None)),
            lambda *said: self.said.append(said),
            check=check,
        )

    def hear(self, *events):
        for each in events:
            self.collector.hear(each)
        return self


def role(name):
    return {"event": "role", "role": name}


def test_a_role_has_ended_everywhere_when_the_next_begins():
    told = Told().hear(role("x"), event("ok"), event("ok", host="c"))
    assert told.ended == []
    told.hear(role("y"))
    assert told.ended == [("a", "x", True), ("c", "x", True)]
    told.hear({"event": "stats", "role": "y"})
    assert [each[:2] for each in told.ended[2:]] == [("a", "y"), ("b", "y"), ("c", "y")]
    assert told.collector.left == []


def test_a_host_that_failed_takes_no_further_part():
    told = Told().hear(role("x"), event("failed", msg="no"), event("ok", host="c"), role("y"), {"event": "stats", "role": "y"})
    assert told.ended == [("a", "x", False), ("c", "x", True), ("b", "y", True), ("c", "y", True)]
    assert (told.collector.left, told.collector.out("a"), told.collector.out("b")) == ([("a", "y")], "x", None)


def test_a_host_that_cannot_be_asked_for_its_facts_has_begun_nothing():
    told = Told().hear(event("unreachable", "Gathering Facts", role="", msg="no route to host"))
    assert told.ended == [("a", "x", False), ("a", "y", False)]


def test_in_check_mode_a_failure_does_not_keep_the_later_roles_from_being_told_of():
    told = Told(check=True).hear(role("x"), {**event("failed", msg="no"), "ignored": True}, role("y"), {"event": "stats", "role": "y"})
    assert ("a", "y", True) in told.ended


def test_tasks_are_said_for_those_who_take_part():
    told = Told().hear(role("x"), {"event": "task", "role": "x", "task": "Do it"})
    assert told.said == [("a", "x", "Do it"), ("c", "x", "Do it")]

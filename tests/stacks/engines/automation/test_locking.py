"""Who holds the lock of Pulumi's state, by Pulumi's own words."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from infra_kit.stacks.engines.automation.locking import Holder, holder, refusal, unusable

WORDS = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file.
  file:///x/.pulumi/locks/organization/p/s/1.json: created by anna@{host} (pid {pid}) at 2026-11-21T13:39:36Z"""


@pytest.fixture
def dead() -> int:
    """The pid of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_no_lock_no_holder():
    assert holder("error: update failed") is None


def test_the_holder_is_named():
    found = holder(WORDS.format(host="elsewhere.example.org", pid=7))
    assert found == Holder("anna", "elsewhere.example.org", 7, "2026-11-21T13:39:36Z")
    assert not found.dead, "what is on another machine cannot be known to be dead"
    told = str(refusal("platform", found))
    assert "locked by anna@elsewhere.example.org, process 7 since 2026-11-21T13:39:36Z" in told
    assert "wait until it has ended" in told


def test_a_dead_process_of_this_machine_is_told_apart_from_one_at_work(dead):
    assert holder(WORDS.format(host=socket.gethostname(), pid=dead)).dead
    assert not holder(WORDS.format(host=socket.gethostname(), pid=os.getpid())).dead
    told = str(refusal("platform", holder(WORDS.format(host=socket.gethostname(), pid=dead))))
    assert "a process that is no more" in told
    assert "--resume" in told


def test_words_that_name_nobody_hold_it_all_the_same():
    assert not holder("the stack is currently locked by 1 lock(s).").dead


def test_a_passphrase_that_is_another_is_said_to_be_one():
    told = str(unusable("platform", "error: constructing secrets manager of type passphrase: incorrect passphrase"))
    assert "not the one that the Pulumi state of stack platform was encrypted with" in told
    assert "kubernetes.pulumi.passphrase" in told
    assert "no such flag" in str(unusable("platform", "error: no such flag"))

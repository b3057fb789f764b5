"""Secrets: changed where they are, never shown, never stored."""

from __future__ import annotations

import base64

from conformance_bench import case

FIRST, SECOND = "first-of-all-passwords", "second-of-all-passwords"


def password(bench):
    return base64.b64decode(bench.get("Secret", "login")["data"]["password"]).decode()


def everything_kept(bench):
    """Every byte of the runs and the journal."""
    files = [each for each in (bench.folder / ".infra-kit").rglob("*") if each.is_file()]
    return b"".join(each.read_bytes() for each in files)


@case("secret")
def test_a_changed_secret_is_applied_and_never_shown(bench, monkeypatch):
    monkeypatch.setenv("CONFORMANCE_SECRET", FIRST)
    bench.converge("secret")
    assert password(bench) == FIRST

    monkeypatch.setenv("CONFORMANCE_SECRET", SECOND)
    entry = bench.plan()[f"Secret/{bench.namespace}/login"]
    assert entry.diff.action == "update"
    (change,) = entry.diff.changes
    assert (change.before, change.after) == ("(secret)", "(secret, differs)")
    shown = repr(entry)
    bench.converge("secret")
    assert password(bench) == SECOND

    kept = everything_kept(bench)
    for text in (FIRST, SECOND):
        for form in (text, base64.b64encode(text.encode()).decode()):
            assert form not in shown
            assert form.encode() not in kept
            assert form not in str(bench.script.events)


@case("secret")
def test_a_secret_edited_by_hand_is_taken_back(bench, monkeypatch):
    monkeypatch.setenv("CONFORMANCE_SECRET", FIRST)
    bench.converge("secret")
    bench.edit("Secret", "login", {"stringData": {"password": "by-hand"}})
    entry = bench.plan()[f"Secret/{bench.namespace}/login"]
    assert entry.diff.action == "update"
    assert "by-hand" not in repr(entry)
    bench.converge("secret")
    assert password(bench) == FIRST


@case("secret_that_does_not_resolve")
def test_a_reference_that_does_not_resolve_sends_nothing(bench):
    bench.use("secret_that_does_not_resolve")
    name = f"Secret/{bench.namespace}/login"
    entry = bench.plan()[name]
    assert entry.diff.action == "unknown"
    assert "NO_SUCH_VARIABLE" in entry.diff.reason
    outcomes = bench.apply()
    assert outcomes[name][0] == "failed"
    assert bench.get("Secret", "login") is None


@case("generated_secret")
def test_a_generated_password_stays(bench):
    bench.converge("generated_secret")
    before = password(bench)
    assert len(before) == 32
    bench.edit("Secret", "login", {"stringData": {"password": "rotated-by-hand"}})
    assert bench.actions() == {}
    assert password(bench) == "rotated-by-hand"
    assert before.encode() not in everything_kept(bench)

from __future__ import annotations

import shutil

import pytest

NOTHING = {"UnitFileState": "", "ActiveState": "inactive", "LoadState": "not-found"}


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="no machine of Debian's family")
def test_check_says_which_packages_are_missing(play):
    names = ["dpkg", "no-such-package-of-a-test", "coreutils=0.0.*"]
    found = play({"name": "packages", "packages": {"names": names, "absent": ["another-such"]}}, check=True).last
    assert (found["missing"], found["removed"]) == (names[1:], [])
    assert "no-such-package-of-a-test\n" in found["diff"][0]["after"]
    assert "coreutils 0.0.*" in found["diff"][0]["after"]


def test_a_pinned_version_may_leave_its_rest_open(load_module):
    packages = load_module("packages").Packages
    installed = {"kubelet": "1.36.3-1.1"}
    assert packages.satisfied("kubelet", installed)
    assert packages.satisfied("kubelet=1.36.3-*", installed)
    assert not packages.satisfied("kubelet=1.36.4-*", installed)
    assert not packages.satisfied("kubeadm", installed)


def test_units_that_are_as_they_should_be_are_left_alone(load_module):
    units = load_module("units")

    def actions(state, **wanted):
        subject = object.__new__(units.Units)
        subject.module = type("Module", (), {"params": {kind: wanted.get(kind, []) for kind in units.SPEC}})
        subject.state = {name: {**NOTHING, **state} for names in wanted.values() for name in names}
        return subject.actions()

    running = {"UnitFileState": "enabled", "ActiveState": "active", "LoadState": "loaded"}
    assert actions(running, started=["a"], enabled=["b"]) == []
    assert actions(running, stopped=["a"]) == [("disable", "a"), ("stop", "a")]
    assert actions(running, masked=["a"]) == [("mask --now", "a")]
    assert actions({**running, "UnitFileState": "static"}, started=["a"]) == []
    # Of a package that is yet to come nothing is known, and everything is to do.
    assert actions({}, started=["a"]) == [("enable", "a"), ("start", "a")]
    assert actions({}, stopped=["a"]) == []
    assert actions({"LoadState": "masked", "UnitFileState": "masked"}, started=["a"]) == [("unmask", "a"), ("enable", "a"), ("start", "a")]

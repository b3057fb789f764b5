from __future__ import annotations

from infra_kit.inventory.errors import ExitCode
from infra_kit.layers.hosts import checking


def outcomes(report):
    return {each: (outcome.kind, outcome.message) for each, outcome in report.outcomes.items()}


def test_fresh_hosts_are_planned_applied_and_then_known_by_a_look_alone(stand, monkeypatch):
    stand.names = ("master01", "worker01")
    entries = stand.plan()
    note = entries["hosts/note/worker01"]
    assert (note.diff.action, note.diff.reason) == ("update", "was never applied here")
    assert "+hello worker01 {{ braces }}\n+password «secret»\n" in note.diff.text
    assert [change.path for change in note.diff.changes] == ["/etc/note", "/etc/note.told"]
    assert stand.on("worker01", "ls /etc/note* /var/lib/infra-kit 2>/dev/null || true") == ""

    report = stand.apply()
    assert report.exit_code == ExitCode.OK
    assert outcomes(report)["hosts/note/worker01"] == ("done", "2 tasks changed something")
    assert stand.on("worker01", "cat /etc/note") == "hello worker01 {{ braces }}\npassword note-{{ 0815 }}-password\n"

    monkeypatch.setattr(checking, "run", None)  # no Ansible
    entries = stand.plan()
    assert {entry.diff.action for entry in entries.values()} <= {"none"}
    assert entries["hosts/note/master01"].diff.reason.startswith(f"as {report.run} of 20")
    assert entries["hosts/note/master01"].diff.reason.endswith("left it; a cheap look found nothing moved (--full checks all)")


def test_what_was_changed_by_hand_is_found_and_mended_and_nothing_else_is_sent(stand):
    stand.names = ("worker01", "worker02")
    assert stand.apply().exit_code == ExitCode.OK
    stand.on("worker01", "echo by hand >> /etc/note")
    entries = stand.plan()
    assert {each for each, entry in entries.items() if entry.pending} == {"hosts/note/worker01"}
    assert entries["hosts/note/worker01"].diff.reason == "no longer as it was applied"
    assert "-by hand\n" in entries["hosts/note/worker01"].diff.text
    report = stand.apply()
    assert outcomes(report)["hosts/note/worker01"][0] == "done"
    assert outcomes(report)["hosts/note/worker02"][0] == "none"
    assert "by hand" not in stand.on("worker01", "cat /etc/note")


def test_full_checks_what_a_look_does_not_see_and_digests_are_the_same(stand):
    stand.names = ("worker01",)
    stand.apply()
    cheap, full = stand.plan(), stand.plan(full=True)
    assert {entry.diff.reason for entry in full.values()} == {"checked: as intended"}
    assert {each: entry.observed.digest for each, entry in cheap.items()} == {each: entry.observed.digest for each, entry in full.items()}
    stand.on("worker01", "echo by hand > /etc/note.told")  # the role's probe does not look at it, and the handler does not run by itself
    assert {entry.diff.action for entry in stand.plan(full=True).values()} == {"none"}


def test_an_apply_notes_what_it_found_in_place(stand):
    stand.names = ("worker01",)
    stand.apply()
    stand.on("worker01", "rm /var/lib/infra-kit/applied.json")
    assert {entry.diff.reason for entry in stand.plan().values()} == {"checked: as intended"}
    assert {outcome.kind for outcome in stand.apply().outcomes.values()} == {"none"}
    assert all("a cheap look" in entry.diff.reason for entry in stand.plan().values())


def test_new_variables_and_a_task_that_cannot_tell(stand):
    stand.names = ("master01",)
    entries = stand.plan()
    unsure = entries["hosts/unsure/master01"]
    assert (unsure.diff.action, unsure.diff.reason) == (
        "update",
        "was never applied here; task 'Do what nobody can foresee' cannot tell before it runs",
    )
    assert stand.apply().exit_code == ExitCode.OK
    assert stand.plan()["hosts/unsure/master01"].diff.action == "none"
    stand.on("master01", "rm /etc/unsure")
    unsure = stand.plan()["hosts/unsure/master01"]
    assert (unsure.diff.action, unsure.diff.reason) == (
        "unknown",
        "task 'Do what nobody can foresee' cannot tell in check mode whether it would change anything",
    )
    stand.values["note", "master01"] = {"note_text": "another"}
    note = stand.plan()["hosts/note/master01"]
    assert note.diff.reason == "its variables have changed since it was applied"


def test_a_failed_host_leaves_out_its_later_roles_and_the_others_finish_and_resume_takes_up_the_rest(stand):
    stand.names = ("worker01", "worker02")
    stand.values["fickle", "worker01"] = {"fickle_fails": True}
    report = stand.apply()
    assert report.exit_code == ExitCode.PARTIAL
    found = outcomes(report)
    kind, message = found["hosts/fickle/worker01"]
    assert kind == "failed"
    assert message == (
        "worker01: task 'Go on unless told not to' of role fickle failed: No space left on device "
        "(free space on worker01, then `infra-kit apply --resume`)"
    )
    assert found["hosts/note/worker01"][0] == "done"
    assert found["hosts/loud/worker01"] == ("skipped", "role fickle failed on the same host")
    assert {found[f"hosts/{role}/worker02"][0] for role in ("note", "fickle", "loud")} == {"done"}
    stand.values.clear()
    report = stand.apply(resume=True)
    assert report.exit_code == ExitCode.OK
    assert outcomes(report)["hosts/loud/worker01"][0] == "done"
    assert outcomes(report)["hosts/note/worker01"][0] == "none"


def test_what_disturbs_goes_host_by_host_and_a_failure_leaves_the_others_of_the_pool_alone(stand):
    stand.names = ("worker01", "worker02")
    assert stand.apply().exit_code == ExitCode.OK
    stand.values["loud", "worker01"] = {"loud_text": "new", "loud_fails": True}
    stand.values["loud", "worker02"] = {"loud_text": "new"}
    assert stand.plan()["hosts/loud/worker02"].diff.disruption == "reload"
    found = outcomes(stand.apply())
    assert found["hosts/loud/worker01"][0] == "failed"
    assert found["hosts/loud/worker02"][0] == "skipped"
    assert stand.on("worker02", "cat /etc/loud") == "quiet\n"


def test_masters_come_one_after_another_and_none_after_one_that_failed(stand):
    stand.names = ("master01", "master02", "worker01")
    stand.values["first", "master01"] = {"first_fails": True}
    found = outcomes(stand.apply())
    assert found["hosts/first/master01"][0] == "failed"
    assert found["hosts/first/master02"] == ("skipped", "needs hosts/first/master01, which failed")
    assert found["hosts/note/master02"][0] == "done"
    assert found["hosts/loud/worker01"][0] == "done"
    assert stand.on("master02", "ls /etc/first 2>/dev/null || true") == ""


def test_a_reboot_waits_for_consent(stand):
    stand.names = ("utility01",)
    report = stand.apply()
    assert outcomes(report)["hosts/reboot/utility01"] == ("staged", "applied but for the reboot, which waits for --allow-reboot")
    assert stand.on("utility01", "ls /etc/reboot* /etc/rebooted 2>/dev/null || true").split() == ["/etc/reboot.set"]
    again = stand.plan()["hosts/reboot/utility01"]
    assert (again.diff.action, again.diff.disruption) == ("update", "reboot")
    assert outcomes(stand.apply(allow_reboot=True))["hosts/reboot/utility01"][0] == "done"
    assert stand.plan()["hosts/reboot/utility01"].diff.action == "none"

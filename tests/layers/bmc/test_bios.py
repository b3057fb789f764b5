from pathlib import Path

import bmc_bench
import pytest
import yaml
from bmc_run import Run, changes, writes
from hypothesis import given
from hypothesis import strategies as st

from infra_kit.inventory.errors import RefusedError, UnreachableError, VerificationError
from infra_kit.layers.bmc.bios import Bios
from infra_kit.layers.bmc.refusal import AttributesRefusedError
from infra_kit.layers.bmc.target import Target
from infra_kit.plan.resource import Observed

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "bios.yaml").read_text())


SERVER = bmc_bench.make_site(Path()).server_by_name["worker01"]


VALUES = st.dictionaries(st.sampled_from("ABCDE"), st.sampled_from(["1", "2", 1, 2]))


def bios(wanted):
    return Bios(Target(SERVER, "R6515"), wanted)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"].replace(" ", "-"))
def test_cases(case):
    diff = bios(case["wanted"]).diff(Observed(case["observed"]))
    assert diff.action == case["action"]
    assert {change.path: [change.before, change.after] for change in diff.changes} == case.get("changes", {})
    assert diff.reason == case.get("reason", "")
    assert diff.disruption == ("reboot" if diff.changes else "none")


@given(VALUES, VALUES, VALUES)
def test_nothing_is_to_be_done_only_where_now_and_after_the_next_reset_all_is_as_wanted(wanted, attributes, pending):
    diff = bios(wanted).diff(Observed({"attributes": attributes, "pending": pending, "job": None}))
    now = all(name in attributes and attributes[name] == value for name, value in wanted.items())
    later = all({**attributes, **pending}.get(name) == value for name, value in wanted.items())
    assert (diff.action == "none") == (now and later)


@given(VALUES, VALUES)
def test_after_the_changes_nothing_is_left(wanted, attributes):
    diff = bios(wanted).diff(Observed({"attributes": attributes, "pending": {}}))
    after = attributes | {change.path.removeprefix("attributes."): change.after for change in diff.changes}
    assert bios(wanted).diff(Observed({"attributes": after, "pending": {}})).action == "none"


def test_a_plan_of_a_factory_fresh_server_shows_each_attribute_and_the_reboot(run):
    diff = run.diff("bmc/bios/worker01")
    assert diff.action == "update"
    assert diff.disruption == "reboot"
    assert changes(diff) == {
        "attributes.DeterminismSlider": ("PowerDeterminism", "PerformanceDeterminism"),
        "attributes.ProcCStates": ("Enabled", "Disabled"),
        "attributes.ProcPwrPerf": ("OsDbpm", "MaxPerf"),
        "attributes.SysProfile": ("PerfPerWattOptimizedOs", "Custom"),
    }
    assert run.diff("bmc/identity/worker01").action == "none"
    assert run.diff("bmc/power/worker01").action == "none"
    assert changes(run.diff("bmc/boot/worker01")) == {
        "boot.order": (["Boot0002", "Boot0003", "Boot0004"], ["Boot0003", "Boot0002", "Boot0004"])
    }


def test_applying_the_bios_resets_once_and_then_nothing_is_left(run, stand):
    outcome = run.apply("bmc/bios/worker01")
    assert outcome.kind == "done"
    assert "restarted gracefully" in outcome.message
    assert run.diff("bmc/bios/worker01").action == "none"
    resets = [path for _, path in writes(stand, "worker01") if path.endswith("ComputerSystem.Reset")]
    assert len(resets) == 1


def test_firmware_that_judges_by_the_values_in_effect_gets_two_passes(run, stand):
    stand.bmcs["worker01"].tamper({"strict_dependencies": True})
    outcome = run.apply("bmc/bios/worker01")
    assert outcome.message.count("restarted") == 2
    assert run.diff("bmc/bios/worker01").action == "none"


def test_without_consent_such_firmware_has_the_ruling_attribute_staged_and_the_rest_announced(cautious, stand):
    stand.bmcs["worker01"].tamper({"strict_dependencies": True})
    outcome = cautious.apply("bmc/bios/worker01")
    assert outcome.kind == "staged"
    assert "ProcPwrPerf" in outcome.message
    assert stand.bmcs["worker01"].state.pending == {"SysProfile": "Custom"}


def test_without_consent_changes_are_staged_and_the_plan_says_so(cautious, stand):
    outcome = cautious.apply("bmc/bios/worker01")
    assert outcome.kind == "staged"
    assert "--allow-reboot" in outcome.message
    assert stand.bmcs["worker01"].state.bios["SysProfile"] == "PerfPerWattOptimizedOs"
    diff = cautious.diff("bmc/bios/worker01")
    assert diff.action == "update"
    assert diff.reason.startswith("staged: ")
    assert "waits for a reset" in diff.reason
    before = len(stand.bmcs["worker01"].state.jobs)
    assert cautious.apply("bmc/bios/worker01").kind == "staged"
    assert len(stand.bmcs["worker01"].state.jobs) == before
    assert not [path for _, path in writes(stand, "worker01") if "Reset" in path]


def test_consent_given_later_finishes_what_was_staged_without_staging_again(cautious, run, stand):
    cautious.apply("bmc/bios/worker01")
    jobs = len(stand.bmcs["worker01"].state.jobs)
    assert run.apply("bmc/bios/worker01").kind == "done"
    assert len(stand.bmcs["worker01"].state.jobs) == jobs
    assert run.diff("bmc/bios/worker01").action == "none"


def test_somebody_elses_staged_change_is_not_overridden_without_consent(cautious, run, stand):
    bmc = stand.bmcs["worker01"]
    bmc.state.pending["LogicalProc"] = "Disabled"
    from infra_kit.lab.redfish import jobs

    jobs.schedule(bmc.state)
    diff = cautious.diff("bmc/bios/worker01")
    assert changes(diff)["pending.LogicalProc"] == ("Disabled", "Enabled")
    assert "would undo LogicalProc" in diff.reason
    with pytest.raises(RefusedError, match="waits with other changes"):
        cautious.apply("bmc/bios/worker01")
    assert run.apply("bmc/bios/worker01").kind == "done"
    assert run.diff("bmc/bios/worker01").action == "none"


def test_values_that_wait_without_a_job_get_one(run, stand):
    stand.bmcs["worker01"].state.pending |= run.resources["bmc/bios/worker01"].wanted
    assert "no job has been made" in run.diff("bmc/bios/worker01").reason
    assert run.apply("bmc/bios/worker01").kind == "done"
    assert run.diff("bmc/bios/worker01").action == "none"


def test_foreign_pending_changes_are_named(run, stand):
    stand.bmcs["worker01"].state.pending["PxeDev1VlanId"] = 7
    assert "PxeDev1VlanId" in run.diff("bmc/bios/worker01").reason


@pytest.mark.parametrize(
    ("profile", "attribute", "words"),
    [("odd", "NoSuchAttribute", "Attribute does not exist."), ("locked", "Proc1Brand", "Read only Attribute cannot be modified.")],
)
def test_what_the_bios_does_not_take_is_shown_in_its_own_words(tmp_path, profile, attribute, words):
    with bmc_bench.bench(tmp_path, [bmc_bench.server("x1", "worker", profile, 1)]) as stand:
        run = Run(stand)
        if profile == "odd":
            assert "this BIOS has no attribute NoSuchAttribute" in run.diff("bmc/bios/x1").reason
        with pytest.raises(AttributesRefusedError) as caught:
            run.apply("bmc/bios/x1")
        assert caught.value.reasons == {attribute: words}
        assert stand.bmcs["x1"].state.pending == {}


@pytest.mark.badday
@pytest.mark.parametrize("after", range(4))
def test_a_connection_cut_during_a_change_leaves_something_a_second_run_finishes(run, stand, after):
    stand.bmcs["worker01"].faults.drop_after_changes = after
    try:
        run.apply("bmc/bios/worker01")
    except UnreachableError:
        assert after < 3
    run.apply("bmc/bios/worker01")
    assert run.diff("bmc/bios/worker01").action == "none"
    resets = [path for _, path in writes(stand, "worker01") if path.endswith("ComputerSystem.Reset")]
    assert len(resets) == 1


@pytest.mark.badday
def test_a_bmc_that_lies_about_its_job_is_found_out(run, stand, monkeypatch):
    from infra_kit.layers.bmc import bios

    monkeypatch.setattr(bios, "PASSES", 1)
    stand.bmcs["worker01"].faults.half_apply = True
    with pytest.raises(VerificationError, match="have not taken effect"):
        run.apply("bmc/bios/worker01")


@pytest.mark.badday
def test_half_an_apply_is_completed_in_the_next_pass(run, stand):
    stand.bmcs["worker01"].faults.half_apply = True
    assert run.apply("bmc/bios/worker01").message.count("completed") == 2

import json

import bmc_bench
import pytest

from infra_kit.inventory.errors import (
    AuthenticationError,
    DeviceError,
    IdentityError,
    RefusedError,
    TrustError,
    UnreachableError,
    VerificationError,
)
from infra_kit.layers.bmc.layer import LAYER
from infra_kit.layers.bmc.refusal import AttributesRefusedError
from infra_kit.plan.resource import Change, ReadContext, RunContext


class Run:
    """Drives resources as the engine does, one at a time."""

    def __init__(self, stand, *, allow_reboot=True):
        self.stand = stand
        self.allow_reboot = allow_reboot
        self.resources = {resource.id: resource for resource in LAYER.resources(stand.site)}

    def plan(self, identity):
        connections = self.stand.connections()
        try:
            observed = self.resources[identity].read(ReadContext(self.stand.site, connections))
            return observed, self.resources[identity].diff(observed)
        finally:
            connections.close()

    def diff(self, identity):
        return self.plan(identity)[1]

    def apply(self, identity):
        connections = self.stand.connections(read_only=False)
        context = RunContext(self.stand.site, connections, folder=self.stand.folder, allow_reboot=self.allow_reboot)
        resource = self.resources[identity]
        try:
            observed = resource.read(context)
            outcome = resource.apply(observed, resource.diff(observed), context)
            resource.verify(context)
            return outcome
        finally:
            connections.close()


@pytest.fixture
def run(stand):
    return Run(stand)


@pytest.fixture
def cautious(stand):
    return Run(stand, allow_reboot=False)


def changes(diff):
    return {change.path: (change.before, change.after) for change in diff.changes}


def writes(stand, name):
    return [(verb, path) for verb, path in stand.requests(name) if verb != "GET"]


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


def test_a_plan_sends_nothing_but_get_and_asks_each_bmc_four_times(stand):
    connections = stand.connections()
    context = ReadContext(stand.site, connections)
    for resource in LAYER.resources(stand.site):
        resource.diff(resource.read(context))
    connections.close()
    for name in stand.bmcs:
        assert {verb for verb, _ in stand.requests(name)} == {"GET"}
    # The server once for all four resources, the BIOS, what is pending, and the boot options because sources are named.
    assert len(stand.requests("gpu01")) == 3
    assert len(stand.requests("worker01")) <= 5


def test_applying_the_bios_resets_once_and_then_nothing_is_left(run, stand):
    outcome = run.apply("bmc/bios/worker01")
    assert outcome.kind == "done"
    assert "restarted gracefully" in outcome.message
    assert run.diff("bmc/bios/worker01").action == "none"
    resets = [path for _, path in writes(stand, "worker01") if path.endswith("ComputerSystem.Reset")]
    assert len(resets) == 1


def test_applying_the_boot_order(run):
    assert run.apply("bmc/boot/worker01").kind == "done"
    assert run.diff("bmc/boot/worker01").action == "none"


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


def test_a_boot_order_is_staged_and_seen(cautious):
    assert cautious.apply("bmc/boot/worker01").kind == "staged"
    assert "staged" in cautious.diff("bmc/boot/worker01").reason
    assert cautious.apply("bmc/boot/worker01").kind == "staged"


def test_a_boot_order_waits_behind_staged_bios_changes(cautious, run, stand):
    cautious.apply("bmc/bios/worker01")
    outcome = cautious.resources["bmc/boot/worker01"]
    del outcome
    connections = stand.connections(read_only=False)
    context = RunContext(stand.site, connections, folder=stand.folder)
    resource = cautious.resources["bmc/boot/worker01"]
    observed = resource.read(context)
    assert "waits for a reset first" in resource.apply(observed, resource.diff(observed), context).message
    connections.close()
    assert run.apply("bmc/boot/worker01").kind == "done"
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


def test_another_server_behind_the_address_is_never_touched(run, stand):
    stand.bmcs["worker01"].tamper({"service_tag": "ELSE001"})
    for kind in ("identity", "power", "bios", "boot"):
        with pytest.raises(IdentityError, match="service tag is ELSE001, the inventory says TAG0003"):
            run.plan(f"bmc/{kind}/worker01")
        with pytest.raises(IdentityError):
            run.apply(f"bmc/{kind}/worker01")
    assert writes(stand, "worker01") == []


@pytest.mark.parametrize("kind", ["power", "bios", "boot"])
def test_a_server_exchanged_after_the_plan_is_not_touched(run, stand, kind):
    resource = run.resources[f"bmc/{kind}/worker01"]
    observed, diff = run.plan(resource.id)
    stand.bmcs["worker01"].tamper({"model": "PowerEdge R7515"})
    connections = stand.connections(read_only=False)
    with pytest.raises(IdentityError, match="model is R7515"):
        resource.apply(observed, diff, RunContext(stand.site, connections, folder=stand.folder, allow_reboot=True))
    connections.close()
    assert writes(stand, "worker01") == []


def test_a_server_that_is_off_is_switched_on(run, stand):
    stand.bmcs["master01"].tamper({"power": "Off"})
    diff = run.diff("bmc/power/master01")
    assert diff.changes == [Change("power", "off", "on")]
    assert diff.disruption == "none"
    assert run.apply("bmc/power/master01").message == "switched on"
    assert run.apply("bmc/power/master01").message == "already on"


def off(stand, name):
    servers = [each if each.name != name else each.model_copy(update={"power": "off"}) for each in stand.site.servers]
    stand.site = replace_site(stand.site, servers)


def replace_site(site, servers):
    other = site.model_copy(update={"servers": servers})
    for cached in ("server_by_name",):
        other.__dict__.pop(cached, None)
    return other


def test_switching_off_needs_consent(stand):
    off(stand, "worker01")
    cautious = Run(stand, allow_reboot=False)
    assert cautious.diff("bmc/power/worker01").disruption == "reboot"
    assert cautious.apply("bmc/power/worker01").kind == "staged"
    assert stand.bmcs["worker01"].state.power == "On"
    assert Run(stand).apply("bmc/power/worker01").message == "switched off"
    assert stand.bmcs["worker01"].state.power == "Off"
    outcome = Run(stand).apply("bmc/bios/worker01")
    assert "next power-on" in outcome.message
    assert outcome.kind == "staged"
    assert Run(stand).resources["bmc/power/worker01"].depends_on >= {"bmc/bios/worker01", "bmc/boot/worker01"}


def test_masters_share_a_group_and_so_does_each_other_role(run):
    groups = {identity: resource.groups for identity, resource in run.resources.items()}
    assert groups["bmc/bios/master01"] == groups["bmc/power/master02"] == {"masters"}
    assert groups["bmc/bios/worker01"] == {"workers"}
    assert groups["bmc/boot/gpu01" if "bmc/boot/gpu01" in groups else "bmc/bios/gpu01"] == {"gpu-workers"}
    for identity, resource in run.resources.items():
        kind, name = identity.split("/")[1:]
        assert kind == "identity" or f"bmc/identity/{name}" in resource.depends_on


def test_everything_a_server_gets_is_rendered(stand):
    files = LAYER.render(stand.site)
    assert set(files) == {f"bmc/{server.name}.json" for server in stand.site.servers}
    assert json.loads(files["bmc/master01.json"]) == {
        "model": "PowerEdge R6515",
        "service_tag": "TAG0001",
        "bios": {"LogicalProc": "Enabled", "ProcVirtualization": "Enabled", "SysProfile": "PerfOptimized"},
        "boot_order": ["Hdd", "Pxe"],
        "power": "on",
    }
    assert LAYER.leftovers(stand.site, []) == []


@pytest.mark.badday
def test_a_wrong_password_is_tried_twice_and_never_again(run, stand):
    (stand.folder / "bmc-password").write_text("wrong\n")
    connections = stand.connections()
    context = ReadContext(stand.site, connections)
    for kind in ("identity", "power", "bios", "boot", "bios"):
        with pytest.raises(AuthenticationError, match="refused the login of user root") as caught:
            run.resources[f"bmc/{kind}/worker01"].read(context)
    connections.close()
    assert len(stand.requests("worker01")) == 2
    assert "wrong" not in str(caught.value)
    assert "BMCs lock accounts" in caught.value.remedy


@pytest.mark.badday
def test_a_login_refused_once_by_a_busy_bmc_is_repeated(run, stand):
    stand.bmcs["worker01"].faults.refuse_logins = 1
    assert run.diff("bmc/identity/worker01").action == "none"


@pytest.mark.badday
def test_an_untrusted_certificate_is_refused_before_the_password_is_sent(run, stand, tmp_path):
    from infra_kit.lab.trust import Authority

    other = Authority(tmp_path / "other")
    stand.write_overlay(ca=str(other.certificate_file))
    with pytest.raises(TrustError, match="certificate") as caught:
        run.plan("bmc/identity/worker01")
    assert "trust.ca_bundle" in caught.value.remedy
    assert stand.requests("worker01") == []


@pytest.mark.badday
def test_a_certificate_for_another_name_is_refused(run, stand):
    stand.write_overlay(host="localhost")
    with pytest.raises(TrustError, match="localhost"):
        run.plan("bmc/identity/worker01")


@pytest.mark.badday
@pytest.mark.parametrize("bundle", ["missing.pem", "bmc-password"])
def test_authorities_that_cannot_be_read_are_named(run, stand, bundle):
    stand.write_overlay(ca=bundle)
    with pytest.raises(TrustError, match=bundle):
        run.plan("bmc/identity/worker01")


@pytest.mark.badday
def test_an_unreachable_bmc_is_named(run, stand):
    stand.bmcs["gpu01"].faults.unreachable = True
    stand.unplug("worker01")
    for name in ("worker01", "gpu01"):
        with pytest.raises(UnreachableError, match=r"no answer from 127\.0\.0\.1") as caught:
            run.plan(f"bmc/identity/{name}")
        assert caught.value.device == name


@pytest.mark.badday
def test_a_bmc_that_is_not_ready_is_asked_again(run, stand):
    stand.bmcs["worker01"].faults.server_errors = 3
    assert run.diff("bmc/identity/worker01").action == "none"
    stand.bmcs["worker01"].faults.server_errors = 50
    with pytest.raises(UnreachableError, match="SYS518"):
        run.plan("bmc/identity/worker01")
    assert stand.bmcs["worker01"].faults.server_errors == 46


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


def test_an_operating_system_that_ran_is_waited_for(run, stand):
    stand.bmcs["worker01"].tamper({"operating_system": True})
    assert run.apply("bmc/bios/worker01").message.endswith("operating system running")


@pytest.mark.badday
def test_an_operating_system_that_does_not_come_back_stops_the_rolling_change(run, stand, monkeypatch):
    from infra_kit.lab.redfish import power
    from infra_kit.layers.bmc import waiting

    waiting.PATIENCE.system_s = 0.1
    stand.bmcs["worker01"].tamper({"operating_system": True})
    boot = power._boot

    def breaking(bmc, now):
        bmc.state.operating_system = False
        boot(bmc, now)

    monkeypatch.setattr(power, "_boot", breaking)
    with pytest.raises(DeviceError, match="operating system has not come back"):
        run.apply("bmc/bios/worker01")


@pytest.mark.badday
def test_a_job_that_never_ends_is_given_up(run, stand):
    stand.bmcs["worker01"].faults.stuck_jobs = True
    with pytest.raises(DeviceError, match="is Running after"):
        run.apply("bmc/bios/worker01")
    stand.bmcs["worker01"].faults.stuck_jobs = False
    assert run.apply("bmc/bios/worker01").kind == "done"


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


@pytest.mark.badday
def test_a_session_that_expires_is_renewed(run, stand):
    from infra_kit.layers.bmc.client import BmcWriter

    writer = BmcWriter.open(stand.access().endpoint("worker01", "redfish"))
    stand.bmcs["worker01"].tamper({"sessions": "expire"})
    assert writer.server().service_tag == "TAG0003"
    writer.close()
    assert stand.bmcs["worker01"].accounts.sessions() == []


def test_no_session_stays_open_after_a_change(run, stand):
    run.apply("bmc/bios/worker01")
    assert stand.bmcs["worker01"].accounts.sessions() == []


def test_an_operating_system_that_ignores_the_shutdown_is_reset_by_force(run, stand):
    from infra_kit.lab.redfish import power

    bmc = stand.bmcs["worker01"]
    original = power.reset

    def deaf(device, path, body):
        if body.get("ResetType") == "GracefulRestart":
            from infra_kit.lab.redfish.reply import Reply

            return Reply(204)
        return original(device, path, body)

    from unittest import mock

    from infra_kit.layers.bmc import waiting

    waiting.PATIENCE.graceful_s = 0.1
    with mock.patch.object(power, "reset", deaf):
        assert "by force" in run.apply("bmc/bios/worker01").message
    assert bmc.state.bios["SysProfile"] == "Custom"

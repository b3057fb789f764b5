from bmc_run import Run

from infra_kit.plan.resource import Change


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

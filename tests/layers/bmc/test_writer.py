import pytest

from infra_kit.layers.bmc.writer import BmcWriter


def test_older_firmware_gets_its_job_made(stand, endpoint, monkeypatch):
    from infra_kit.lab.redfish import bios

    monkeypatch.setattr(bios, "wanted_apply_time", lambda _body: "")
    writer = BmcWriter.open(endpoint)
    writer.stage_bios({"LogicalProc": "Disabled"})
    assert writer.open_job().waits
    assert ("POST", "/redfish/v1/Managers/iDRAC.Embedded.1/Jobs") in stand.requests("worker01")
    writer.close()


def test_closing_a_writer_whose_bmc_is_gone_is_quiet(stand, endpoint):
    writer = BmcWriter.open(endpoint)
    stand.unplug("worker01")
    writer.close()


@pytest.mark.badday
def test_a_session_that_expires_is_renewed(run, stand):
    writer = BmcWriter.open(stand.access().endpoint("worker01", "redfish"))
    stand.bmcs["worker01"].tamper({"sessions": "expire"})
    assert writer.server().service_tag == "TAG0003"
    writer.close()
    assert stand.bmcs["worker01"].accounts.sessions() == []


def test_no_session_stays_open_after_a_change(run, stand):
    run.apply("bmc/bios/worker01")
    assert stand.bmcs["worker01"].accounts.sessions() == []

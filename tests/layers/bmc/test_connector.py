import pytest
from sushy import exceptions as sushy_errors

from infra_kit.inventory.errors import AuthenticationError, DeviceError, TrustError, UnreachableError
from infra_kit.lab.redfish.reply import Reply
from infra_kit.layers.bmc.connector import harmless_to_repeat
from infra_kit.layers.bmc.reader import BmcReader
from infra_kit.layers.bmc.speech import translated
from infra_kit.layers.bmc.writer import BmcWriter
from infra_kit.plan.resource import ReadContext


@pytest.mark.badday
def test_a_wrong_password_is_tried_twice_and_never_again(run, stand):
    (stand.folder / "bmc-password").write_text("wrong\n")
    connections = stand.connections()
    context = ReadContext(stand.site, connections)
    for kind in ("identity", "power", "bios", "boot", "bios"):
        with pytest.raises(AuthenticationError, match="refused the login of user root") as caught:
            run.resources[f"bmc/{kind}/worker01"].read(context)
    connections.close()
    assert [verb for verb, _ in stand.requests("worker01")] == ["GET", "login-refused"] * 2
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
def test_a_bmc_that_refers_to_another_host_is_not_followed(stand, endpoint, monkeypatch):
    reader = BmcReader.open(endpoint)
    elsewhere = f"https://127.0.0.1:{stand.ports['gpu01']}/redfish/v1/Systems/System.Embedded.1"
    body = {"Id": "Bios", "Attributes": {}, "@Redfish.Settings": {"SettingsObject": {"@odata.id": elsewhere}}}
    monkeypatch.setattr(type(stand.emulators["worker01"]), "_reply", lambda *_: Reply(200, body))
    with pytest.raises(DeviceError, match="another host"):
        reader.bios()
    monkeypatch.setattr(type(stand.emulators["worker01"]), "_reply", lambda *_: Reply(302, {}, {"Location": elsewhere}))
    with pytest.raises(DeviceError):
        reader.server(fresh=True)
    assert stand.requests("gpu01") == []
    reader.close()


def test_changes_are_never_repeated_when_their_answer_is_lost(endpoint):
    lost = sushy_errors.ConnectionError(url="x", error="reset by peer")
    assert harmless_to_repeat("GET", lost)
    assert not harmless_to_repeat("PATCH", lost)
    assert not harmless_to_repeat("GET", ValueError("x"))
    assert isinstance(translated(endpoint, "reading", lost), UnreachableError)


def test_a_reader_cannot_change_anything(stand, endpoint):
    reader = BmcReader.open(endpoint)
    assert BmcReader.can_write is False
    assert BmcWriter.can_write is True
    with pytest.raises(RuntimeError, match="read-only run"):
        reader._connector.post("/redfish/v1/Systems/System.Embedded.1/Actions/ComputerSystem.Reset", data={"ResetType": "ForceOff"})
    reader.close()
    assert {verb for verb, _ in stand.requests("worker01")} == {"GET"}

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sushy import exceptions as sushy_errors

from infra_kit.inventory.errors import DeviceError, RefusedError, UnreachableError
from infra_kit.lab.redfish.reply import Reply
from infra_kit.layers.bmc import waiting
from infra_kit.layers.bmc.client import BmcReader, BmcWriter, Job
from infra_kit.layers.bmc.connector import harmless_to_repeat
from infra_kit.layers.bmc.speech import translated


@pytest.fixture
def endpoint(stand):
    return stand.access().endpoint("worker01", "redfish")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Attributes",
                    "Members",
                    "Boot",
                    "BootOrder",
                    "Model",
                    "SKU",
                    "PowerState",
                    "@odata.id",
                    "Actions",
                    "Id",
                    "UefiBootSeq",
                    "Bios",
                    "@Redfish.Settings",
                    "SettingsObject",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON)
@pytest.mark.badday
def test_whatever_a_device_answers_is_read_or_is_a_device_error(stand, endpoint, monkeypatch, body):
    with monkeypatch.context() as patched:
        reader = BmcReader.open(endpoint)
        patched.setattr(type(stand.bmcs["worker01"]), "_reply", lambda *_: Reply(200, body))
        for call in (
            lambda: reader.server(fresh=True),
            reader.bios,
            reader.boot_options,
            reader.pending_boot_sources,
            reader.open_job,
            lambda: reader.job("JID_1"),
        ):
            with suppress(DeviceError):
                call()
        reader.close()


def test_a_reader_cannot_change_anything(stand, endpoint):
    reader = BmcReader.open(endpoint)
    assert BmcReader.can_write is False
    assert BmcWriter.can_write is True
    with pytest.raises(RuntimeError, match="read-only run"):
        reader._connector.post("/redfish/v1/Systems/System.Embedded.1/Actions/ComputerSystem.Reset", data={"ResetType": "ForceOff"})
    reader.close()
    assert {verb for verb, _ in stand.requests("worker01")} == {"GET"}


@pytest.mark.badday
def test_a_bmc_that_refers_to_another_host_is_not_followed(stand, endpoint, monkeypatch):
    reader = BmcReader.open(endpoint)
    elsewhere = f"https://127.0.0.1:{stand.ports['gpu01']}/redfish/v1/Systems/System.Embedded.1"
    body = {"Id": "Bios", "Attributes": {}, "@Redfish.Settings": {"SettingsObject": {"@odata.id": elsewhere}}}
    monkeypatch.setattr(type(stand.bmcs["worker01"]), "_reply", lambda *_: Reply(200, body))
    with pytest.raises(DeviceError, match="another host"):
        reader.bios()
    monkeypatch.setattr(type(stand.bmcs["worker01"]), "_reply", lambda *_: Reply(302, {}, {"Location": elsewhere}))
    with pytest.raises(DeviceError):
        reader.server(fresh=True)
    assert stand.requests("gpu01") == []
    reader.close()


def test_older_firmware_gets_its_job_made(stand, endpoint, monkeypatch):
    from infra_kit.lab.redfish import bios

    monkeypatch.setattr(bios, "wanted_apply_time", lambda _body: "")
    writer = BmcWriter.open(endpoint)
    writer.stage_bios({"LogicalProc": "Disabled"})
    assert writer.open_job().waits
    assert ("POST", "/redfish/v1/Managers/iDRAC.Embedded.1/Jobs") in stand.requests("worker01")
    writer.close()


def test_a_refused_reset_carries_the_bmcs_words(endpoint):
    writer = BmcWriter.open(endpoint)
    with pytest.raises(RefusedError, match=r"already powered ON\. \[IDRAC\.2\.8\.PSU501\]"):
        writer.reset("On")
    writer.close()


def test_closing_a_writer_whose_bmc_is_gone_is_quiet(stand, endpoint):
    writer = BmcWriter.open(endpoint)
    stand.unplug("worker01")
    writer.close()


def test_changes_are_never_repeated_when_their_answer_is_lost(endpoint):
    lost = sushy_errors.ConnectionError(url="x", error="reset by peer")
    assert harmless_to_repeat("GET", lost)
    assert not harmless_to_repeat("PATCH", lost)
    assert not harmless_to_repeat("GET", ValueError("x"))
    assert isinstance(translated(endpoint, "reading", lost), UnreachableError)


def test_what_sushy_says_otherwise_is_still_a_device_error(endpoint):
    error = translated(endpoint, "reading", sushy_errors.MissingAttributeError(attribute="Boot", resource="/x"))
    assert "Boot is missing" in str(error)


class Queue:
    """A writer whose jobs go through these states."""

    def __init__(self, endpoint, *states):
        self.endpoint = endpoint
        self.states = list(states)

    def job(self, identity):
        state = self.states.pop(0)
        if isinstance(state, Exception):
            raise state
        return Job(identity, state, f"it is {state}")


@pytest.mark.parametrize("state", ["CompletedWithErrors", "Failed"])
def test_a_job_that_fails_is_told_in_its_own_words(endpoint, state):
    with pytest.raises(DeviceError, match=f"ended as {state}: it is {state}"):
        waiting.finish_job(Queue(endpoint, "Running", state), "JID_1")


def test_a_bmc_that_is_silent_for_a_moment_is_asked_again(endpoint):
    silent = UnreachableError("worker01", "no answer")
    assert waiting.finish_job(Queue(endpoint, "Running", silent, "Completed"), "JID_1") == "job JID_1 completed"


def test_a_bmc_that_stays_silent_is_given_up(endpoint, monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", waiting.Patience(poll_s=0, job_s=0))
    with pytest.raises(UnreachableError):
        waiting.finish_job(Queue(endpoint, UnreachableError("worker01", "no answer")), "JID_1")

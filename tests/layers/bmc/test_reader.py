from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_kit.inventory.errors import DeviceError
from infra_kit.lab.redfish.reply import Reply
from infra_kit.layers.bmc.reader import BmcReader


@pytest.fixture
def remembered():
    """What the examples of one test share."""
    return {}


KEYS = ["Attributes", "Members", "Boot", "BootOrder", "BootProgress", "Model", "SKU", "PowerState", "@odata.id", "Actions", "Id"]
KEYS += ["UefiBootSeq", "Bios", "@Redfish.Settings", "SettingsObject", "Name", "Index", "JobType", "JobState"]
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=8), max_leaves=20
)
ANSWERS = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=len(KEYS)) | JSON


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=ANSWERS)
@pytest.mark.badday
def test_whatever_a_device_answers_is_read_or_is_a_device_error(stand, endpoint, remembered, monkeypatch, body):
    reader = remembered.setdefault("reader", None) or BmcReader.open(endpoint)
    remembered["reader"] = reader
    monkeypatch.setattr(type(stand.emulators["worker01"]), "_reply", lambda *_: Reply(200, body))
    for call in (
        lambda: reader.server(fresh=True),
        reader.bios,
        reader.boot_options,
        lambda: reader.pending_boot_order(["Boot0001"]),
        reader.open_job,
        lambda: reader.job("JID_1"),
    ):
        with suppress(DeviceError):
            call()

"""The readers on what real iDRACs answered."""

import json
from pathlib import Path

import pytest

from infra_kit.lab.redfish.emulator import RedfishEmulator
from infra_kit.lab.redfish.reply import Reply
from infra_kit.layers.bmc.reader import BmcReader
from infra_kit.layers.bmc.readings import ServerState

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "redfish_replies"

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded replies at {RECORDED}")


@pytest.fixture
def answering(stand, monkeypatch):
    """A reader of a BMC that gives one recorded answer to everything."""
    reader = BmcReader.open(stand.access().endpoint("worker01", "redfish"))

    def answer(name):
        body = json.loads((RECORDED / name).read_text())
        monkeypatch.setattr(RedfishEmulator, "_reply", lambda *_: Reply(200, body))
        return reader

    yield answer
    reader.close()


def test_a_real_server(answering):
    order = ("Boot0006", "Boot0009", "Boot0007", "Boot0005", "Boot0003", "Boot0004", "Boot0008", "Boot0002")
    assert answering("sushy_dell/system.json").server(fresh=True) == ServerState("PowerEdge R640", "8CYCZ23", "On", order)


def test_a_real_bios_of_another_vendor(answering):
    assert answering("sushy_generic/bios.json").bios().attributes["ProcTurboMode"] == "Enabled"


def test_a_real_job_queue_without_a_bios_job(answering):
    assert answering("sushy_dell/job_collection_expanded.json").open_job() is None

"""The control call and its client, on real emulated devices."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx
import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.control import LabControl

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.lab.embedded import RunningLab


def test_the_control_call(lab: RunningLab) -> None:
    control = lab.control
    names = [device["name"] for device in control.devices()]
    assert names[0] == "master01"
    assert names[-1] == "array01"
    assert control.device("worker01")["protocol"] == "redfish"

    # A fault is seen by a client, counts down, and is at rest again.
    assert control.faults("worker01", server_errors=1)["server_errors"] == 1
    place = control.device("worker01")
    url = f"https://{place['host']}:{place['port']}/redfish/v1/"
    with httpx.Client(verify=ssl.create_default_context(cafile=lab.folder.trust / "ca.pem"), trust_env=False) as client:
        assert [client.get(url).status_code for _ in range(2)] == [503, 200]
    assert control.device("worker01")["faults"]["server_errors"] == 0

    # Events are what it was asked; they can be forgotten.
    assert control.events("worker01") == [("GET", "/redfish/v1/")] * 2
    control.clear_events("worker01")
    assert control.events("worker01") == []

    # Tampering reaches the device.
    control.tamper("worker01", {"bios": {"LogicalProc": "Disabled"}})
    assert "Disabled" in (lab.folder.state / "worker01.json").read_text()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda control: control.faults("worker01", laziness=1), "no such fault: laziness"),
        (lambda control: control.faults("worker01", latency_s="slow"), "latency_s"),
        (lambda control: control.faults("nobody"), "no such device in this lab: nobody"),
        (lambda control: control.tamper("worker01", {"nonsense": 1}), "nonsense"),
        (lambda control: control._call("PUT", "/devices/worker01/faults", [1]), "JSON object"),
        (lambda control: control._call("POST", "/devices/worker01/tamper"), "the lab refuses"),
    ],
)
def test_what_it_does_not_understand_is_refused_in_words(lab: RunningLab, call, words: str) -> None:
    with pytest.raises(LabError, match=words):
        call(lab.control)


def test_without_the_token_nothing_is_told(lab: RunningLab) -> None:
    stranger = lab.control
    stranger._headers = {"Authorization": "Bearer guess"}
    with pytest.raises(LabError, match="token is missing or wrong"):
        stranger.devices()


def test_no_lab_is_an_error_with_a_remedy(site_folder: Path) -> None:
    with pytest.raises(LabError, match="infra-kit lab up"):
        LabControl.of(site_folder)


def test_a_lab_that_died_does_not_hang_its_caller(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="does not answer") as caught:
        LabControl("127.0.0.1", 1, "token", tmp_path).devices()
    assert caught.value.remedy == f"`infra-kit lab down {tmp_path}`, then `infra-kit lab up {tmp_path}`"

"""The orchestrator: what it publishes and when, what it keeps, what it cleans up; with fake devices."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import stat
from typing import TYPE_CHECKING

import pytest
import yaml
from passlib.hash import sha512_crypt

from infra_kit.inventory.access import Access
from infra_kit.inventory.errors import LabError
from infra_kit.inventory.load import load_site
from infra_kit.lab import orchestrator
from infra_kit.lab.devices import LabDevice, devices
from infra_kit.lab.folder import LabFolder
from infra_kit.lab.orchestrator import Lab
from infra_kit.lab.secret_files import make_secrets, password_of

from .fake_device import FakeDevice

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeDevice]:
    built: dict[str, FakeDevice] = {}

    def build(self: LabDevice, _site, *, state_file, **given) -> FakeDevice:
        assert given["login"].password
        assert (given["tls"] is None) == (self.protocol == "ssh") == (given["host_key"] is not None)
        built[self.name] = FakeDevice(self.name, state_file)
        return built[self.name]

    monkeypatch.setattr(LabDevice, "build", build)
    return built


def _run(folder: Path, inside=None, *, reset: bool = False, without=()) -> None:
    async def running() -> None:
        lab = Lab(load_site(folder), without)
        await lab.start(reset=reset)
        try:
            if inside:
                inside(lab)
        finally:
            await lab.stop()

    asyncio.run(running())


def test_the_overlay_maps_every_device_and_goes_when_the_lab_ends(site_folder: Path, fakes) -> None:
    site = load_site(site_folder)
    seen = {}

    def inside(lab: Lab) -> None:
        access = Access(site, lab.folder.endpoints)
        for device in devices(site):
            seen[device.name] = access.endpoint(device.name, device.protocol)
        assert yaml.safe_load(lab.folder.endpoints.read_text())["devices"].keys() == fakes.keys()

    _run(site_folder, inside)
    assert len(seen) == len(site.servers) + len(site.switches) + 2
    assert {endpoint.host for endpoint in seen.values()} == {"127.0.0.1"}
    assert len({endpoint.port for endpoint in seen.values()}) == len(seen)
    leaf, worker = seen["leaf01a"], seen["worker01"]
    assert leaf.known_hosts.name == "known_hosts"
    assert worker.ca.name == "ca.pem"
    assert worker.password().get_secret_value() == password_of(site, LabFolder(site_folder), "bmc")
    folder = LabFolder(site_folder)
    assert not folder.endpoints.exists()
    assert not folder.record.exists()
    assert folder.state.exists()


def test_ports_and_secrets_stay_over_a_restart(site_folder: Path, fakes) -> None:
    overlays: list[str] = []
    for _ in range(2):
        _run(site_folder, lambda lab: overlays.append(lab.folder.endpoints.read_text()))
    assert overlays[0] == overlays[1]


def test_a_port_that_was_taken_meanwhile_is_given_up(site_folder: Path, fakes) -> None:
    places: list[int] = []

    def note(lab: Lab) -> None:
        places.append(yaml.safe_load(lab.folder.endpoints.read_text())["devices"]["worker01"]["redfish"]["port"])

    _run(site_folder, note)
    with socket.create_server(("127.0.0.1", places[0])):
        _run(site_folder, note)
    assert places[0] != places[1]


def test_reset_forgets_what_devices_remember(site_folder: Path, fakes) -> None:
    state = LabFolder(site_folder).state
    _run(site_folder)
    (state / "worker01.json").write_text("changed")
    (state / "gone.json").write_text("a device that left the inventory")
    _run(site_folder, reset=True)
    assert (state / "worker01.json").read_text() == "{}"
    assert not (state / "gone.json").exists()


def test_without_leaves_parts_out(site_folder: Path, fakes) -> None:
    _run(site_folder, without=["switches", "array", "kubernetes"])
    assert fakes.keys() == load_site(site_folder).server_by_name.keys()


def test_a_second_lab_of_the_site_is_refused_and_harms_nothing(site_folder: Path, fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orchestrator, "_LOCK_TRIES", 2)

    async def two() -> bool:
        first = Lab(load_site(site_folder))
        await first.start()
        with pytest.raises(LabError, match="runs already"):
            await Lab(load_site(site_folder)).start()
        still_there = first.folder.endpoints.exists() and first.folder.record.exists()
        await first.stop()
        return still_there

    assert asyncio.run(two())


def test_one_device_that_cannot_start_stops_all_and_is_named(site_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[FakeDevice] = []

    def build(self: LabDevice, _site, *, state_file, **_) -> FakeDevice:
        built.append(FakeDevice(self.name, state_file, port_refused=self.name == "leaf01a"))
        return built[-1]

    monkeypatch.setattr(LabDevice, "build", build)
    with pytest.raises(LabError, match="leaf01a: the emulated device cannot listen: no more ports"):
        _run(site_folder)
    folder = LabFolder(site_folder)
    assert not folder.endpoints.exists()
    assert not any(device._server.is_serving() for device in built if device._server)
    monkeypatch.setattr(LabDevice, "build", lambda self, _site, *, state_file, **_: FakeDevice(self.name, state_file))
    _run(site_folder)  # the lock was given back


def test_a_device_that_will_not_stop_is_logged_and_the_others_stop(site_folder: Path, monkeypatch, caplog) -> None:
    built: list[FakeDevice] = []

    def build(self: LabDevice, _site, *, state_file, **_) -> FakeDevice:
        built.append(FakeDevice(self.name, state_file, stubborn=self.name == "worker01"))
        return built[-1]

    monkeypatch.setattr(LabDevice, "build", build)
    with caplog.at_level(logging.WARNING):
        _run(site_folder)
    assert "will not stop" in caplog.text
    assert not any(device._server.is_serving() for device in built)


def test_everything_it_writes_is_closed_to_others(site_folder: Path, fakes) -> None:
    def inside(lab: Lab) -> None:
        folder = lab.folder
        assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700
        for file in [*folder.secrets.iterdir(), folder.token, folder.endpoints, folder.record]:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file

    _run(site_folder, inside)


def test_no_secret_is_in_what_it_publishes(site_folder: Path, fakes) -> None:
    def inside(lab: Lab) -> None:
        published = lab.folder.endpoints.read_text() + lab.folder.record.read_text() + lab.folder.known_hosts.read_text()
        for file in [*lab.folder.secrets.iterdir(), lab.folder.token]:
            assert file.read_text().strip() not in published

    _run(site_folder, inside)


def test_a_switch_account_is_hashed_from_the_password_that_logs_in(site_folder: Path) -> None:
    site = load_site(site_folder)
    folder = LabFolder(site_folder)
    folder.make()
    make_secrets(site, folder)
    account = next(user for user in site.fabric.users if user.name == site.credential_by_name["switch"].user)
    hashed = (site_folder / account.password_hash.removeprefix("file:")).read_text().strip()
    assert hashed.startswith("$6$")
    assert "rounds=" not in hashed
    assert sha512_crypt.verify(password_of(site, folder, "switch"), hashed)


def test_secrets_differ_from_lab_to_lab(site_folder: Path, tmp_path: Path) -> None:
    site = load_site(site_folder)
    values = set()
    for name in ("one", "two"):
        folder = LabFolder(tmp_path / name)
        make_secrets(site, folder)
        values |= {file.read_text() for file in folder.secrets.iterdir()}
    assert len(values) == 2 * len(list(folder.secrets.iterdir()))


def test_a_real_password_never_reaches_an_emulated_device(site_folder: Path, fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAL_BMC_PASSWORD", "the-real-one")
    text = (site_folder / "site.yaml").read_text()
    (site_folder / "site.yaml").write_text(text.replace("file:.infra-kit/lab/secrets/bmc", "env:REAL_BMC_PASSWORD"))
    site = load_site(site_folder)
    assert site.credential_by_name["bmc"].password == "env:REAL_BMC_PASSWORD"

    def inside(lab: Lab) -> None:
        endpoint = Access(site, lab.folder.endpoints).endpoint("worker01", "redfish")
        assert endpoint.password().get_secret_value() not in ("", "the-real-one")

    _run(site_folder, inside)


def test_the_record_says_who_runs_and_where_to_call(site_folder: Path, fakes) -> None:
    def inside(lab: Lab) -> None:
        record = json.loads(lab.folder.record.read_text())
        assert record.keys() == {"pid", "started", "control", "embedded", "without"}
        assert record["control"].keys() == {"host", "port", "token_file"}

    _run(site_folder, inside)

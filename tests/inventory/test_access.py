from __future__ import annotations

import copy
import fcntl
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.access import CLUSTER_AUTHORITY, Access, Endpoint, is_locked, lab_overlay, open_access
from infra_kit.inventory.document import read_document
from infra_kit.inventory.errors import AccessError, NoEndpointError, NoSecretError, StateError
from infra_kit.inventory.load import load_site

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site

GOOD = read_document(Path(__file__).parent / "broken" / "good" / "configuration-1.yaml", "good").value


def site(folder: Path, **head: str) -> Site:
    value: dict[str, Any] = copy.deepcopy(GOOD)
    value["site"] |= head
    (folder / "trust").mkdir(exist_ok=True)
    for name in ("ca.pem", "known_hosts"):
        (folder / "trust" / name).touch()
    value["trust"] = {"ca_bundle": "trust/ca.pem", "known_hosts": "trust/known_hosts"}
    (folder / "site.yaml").write_text(json.dumps(value))
    return load_site(folder)


def overlay(folder: Path, text: str) -> Path:
    path = folder / "endpoints.yml"
    path.write_text(text)
    return path


def test_a_lab_site_without_an_overlay_reaches_nothing(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="no lab is running") as caught:
        Access(site(tmp_path, access="lab"), None)
    assert "lab up" in caught.value.remedy


@pytest.mark.parametrize(
    ("device", "protocol", "wanted"),
    [
        ("worker01", "redfish", ("10.20.0.105", 443, "root", "file:.infra-kit/lab/secrets/bmc")),
        ("worker01", "ssh", ("10.21.1.16", 22, "ansible", "file:.infra-kit/lab/secrets/hosts")),
        ("leaf01a", "ssh", ("10.20.0.10", 22, "admin", "file:.infra-kit/lab/secrets/switch")),
        ("array01", "papi", ("10.20.0.5", 8080, "infra-kit", "file:.infra-kit/lab/secrets/array")),
    ],
)
def test_a_live_site_is_reached_at_its_own_addresses(tmp_path: Path, device: str, protocol: str, wanted: tuple[str, int, str, str]) -> None:
    access = Access(site(tmp_path, access="live"), None)
    found = access.endpoint(device, protocol)
    assert access.kind == "live"
    assert (found.host, found.port, found.user, found.password_reference) == wanted
    assert (found.ca, found.known_hosts) == (tmp_path / "trust/ca.pem", tmp_path / "trust/known_hosts")


def test_an_overlay_moves_a_device_and_keeps_its_login(tmp_path: Path) -> None:
    elsewhere = tmp_path / "lab"
    elsewhere.mkdir()
    (tmp_path / ".infra-kit/lab/secrets").mkdir(parents=True)
    (tmp_path / ".infra-kit/lab/secrets/bmc").write_text("calvin")
    (elsewhere / "other").write_text("hobbes")
    entry = "{host: 127.0.0.2, port: 4433, ca: ca.pem}"
    own = "{host: 127.0.0.3, port: 2222, known_hosts: hosts, user: lab, password: 'file:other'}"
    path = overlay(elsewhere, f"devices:\n  worker01: {{redfish: {entry}}}\n  leaf01a: {{ssh: {own}}}\n")
    access = Access(site(tmp_path, access="lab"), path)
    assert access.kind == "live", "an overlay that no lab of the site wrote may lead to real devices"
    bmc = access.endpoint("worker01", "redfish")
    assert (bmc.host, bmc.port, bmc.user, bmc.ca) == ("127.0.0.2", 4433, "root", elsewhere / "ca.pem")
    assert bmc.password().get_secret_value() == "calvin"
    switch = access.endpoint("leaf01a", "ssh")
    assert (switch.user, switch.known_hosts, switch.ca) == ("lab", elsewhere / "hosts", tmp_path / "trust/ca.pem")
    assert switch.password().get_secret_value() == "hobbes"
    assert "calvin" not in repr(bmc)


def test_what_the_overlay_does_not_name_is_not_reached_at_its_own_address(tmp_path: Path) -> None:
    access = Access(site(tmp_path, access="lab"), overlay(tmp_path, "devices: {leaf01a: {ssh: {host: 127.0.0.1, port: 22}}}\n"))
    for device, protocol in (("worker01", "redfish"), ("leaf01a", "http")):
        with pytest.raises(NoEndpointError, match=f"no {protocol} entry") as caught:
            access.endpoint(device, protocol)
        assert caught.value.device == device
        assert str(tmp_path / "endpoints.yml") in caught.value.remedy


def test_an_overlay_says_what_the_hosts_really_are(tmp_path: Path) -> None:
    plain = overlay(tmp_path, "devices: {}\n")
    assert Access(site(tmp_path), plain).stand_in is None
    hosts = "{family: debian, release: '12', packages: 'http://192.0.2.80/debian', registry: '192.0.2.80:5000'}"
    stand_in = Access(site(tmp_path), overlay(tmp_path, f"devices: {{}}\nhosts: {hosts}\n")).stand_in
    assert stand_in is not None
    assert (stand_in.family, stand_in.release, stand_in.registry) == ("debian", "12", "192.0.2.80:5000")


def test_a_host_without_an_address_is_not_reached(tmp_path: Path) -> None:
    whole = site(tmp_path, access="live")
    without = whole.model_copy(update={"servers": [each.model_copy(update={"bonds": []}) for each in whole.servers]})
    without.__dict__.pop("server_by_name", None)  # a look-up of the whole one
    with pytest.raises(AccessError, match="no address"):
        Access(without, None).endpoint("worker01", "ssh")


def test_a_cluster_that_infra_kit_made_is_known_by_its_own_authority(tmp_path: Path) -> None:
    access = Access(site(tmp_path, access="live"), None)
    assert access.endpoint("kubernetes", "kubernetes").ca == tmp_path / "trust" / "ca.pem"
    (tmp_path / CLUSTER_AUTHORITY).parent.mkdir(parents=True)
    (tmp_path / CLUSTER_AUTHORITY).touch()
    assert access.endpoint("kubernetes", "kubernetes").ca == tmp_path / CLUSTER_AUTHORITY
    assert access.endpoint("worker01", "redfish").ca == tmp_path / "trust" / "ca.pem"


def test_an_unknown_device(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="no such device"):
        Access(site(tmp_path, access="live"), None).endpoint("worker99", "redfish")


@pytest.mark.parametrize(
    "text",
    ["devices: [\n", "devices: {worker01: {telnet: {host: h, port: 1}}}\n", "devices: {worker01: {ssh: {host: h, port: 70000}}}\n", "[]\n"],
)
def test_a_broken_overlay(tmp_path: Path, text: str) -> None:
    with pytest.raises(AccessError, match="overlay is not valid"):
        Access(site(tmp_path), overlay(tmp_path, text))


def test_an_overlay_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be read"):
        Access(site(tmp_path), tmp_path / "missing.yml")


def test_endpoints_compare_without_their_secrets() -> None:
    one = Endpoint("a", "ssh", "h", 22, "u", "env:X")
    assert one == Endpoint("a", "ssh", "h", 22, "u", "env:X")


def test_a_running_lab_is_found_by_its_process_and_its_lock(tmp_path: Path) -> None:
    lab = tmp_path / ".infra-kit" / "lab"
    assert lab_overlay(tmp_path) is None
    lab.mkdir(parents=True)
    with (lab / "lab.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for content in ("", "[]", "{}", '{"pid": "x"}', '{"pid": 4194304999}'):
            (lab / "lab.json").write_text(content)
            assert lab_overlay(tmp_path) is None, content
        (lab / "lab.json").write_text(json.dumps({"pid": os.getpid()}))
        assert lab_overlay(tmp_path) is None, "no overlay yet"
        (lab / "endpoints.yaml").write_text("devices: {}\n")
        assert lab_overlay(tmp_path) == lab / "endpoints.yaml"
        for here in (tmp_path, lab / ".." / ".."):
            assert lab_overlay(here).samefile(lab / "endpoints.yaml")
        found = open_access(site(tmp_path, access="lab"))
        assert found.kind == "lab"
        with pytest.raises(NoEndpointError) as caught:
            found.endpoint("worker01", "redfish")
        assert f"infra-kit lab up {tmp_path}" in caught.value.remedy
        live = site(tmp_path, access="live")
        assert open_access(live).kind == "live", "a lab beside a live site is not used unasked"
        assert open_access(live, lab / "endpoints.yaml").kind == "lab"


def test_a_killed_labs_pid_that_is_anothers_by_now_is_no_running_lab(tmp_path: Path) -> None:
    lab = tmp_path / ".infra-kit" / "lab"
    lab.mkdir(parents=True)
    (lab / "lab.json").write_text(json.dumps({"pid": os.getpid()}))
    (lab / "endpoints.yaml").write_text("devices: {}\n")
    assert lab_overlay(tmp_path) is None, "no lock was ever taken"
    (lab / "lab.lock").touch()
    assert lab_overlay(tmp_path) is None, "nobody holds the lock"
    assert Access(site(tmp_path), lab / "endpoints.yaml").kind == "live"


def test_a_lock_that_may_not_be_looked_at_leaves_it_to_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_given: object) -> None:
        raise PermissionError

    (tmp_path / "lock").touch()
    monkeypatch.setattr(fcntl, "flock", denied)
    assert is_locked(tmp_path / "lock")


def test_a_password_that_does_not_resolve_names_device_reference_and_credential(tmp_path: Path) -> None:
    own = Access(site(tmp_path, access="live"), None).endpoint("array01", "papi")
    with pytest.raises(NoSecretError) as caught:
        own.password()
    assert caught.value.device == "array01"
    assert str(caught.value).startswith("array01: secret reference file:.infra-kit/lab/secrets/array of credential array: secret file ")
    text = "devices: {leaf01a: {ssh: {host: h, port: 1, password: 'env:NOT_SET_ANYWHERE'}}}\n"
    moved = Access(site(tmp_path), overlay(tmp_path, text)).endpoint("leaf01a", "ssh")
    with pytest.raises(NoSecretError, match="env:NOT_SET_ANYWHERE: environment variable NOT_SET_ANYWHERE is not set"):
        moved.password()


def test_secrets_of_inventory_and_overlay_are_masked(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"secret-{name}")
    access = Access(site(tmp_path), overlay(tmp_path, "devices: {leaf01a: {ssh: {host: h, port: 1, password: 'file:two'}}}\n"))
    access.secrets.resolve("file:one")
    access.endpoint("leaf01a", "ssh").password()
    assert access.mask("secret-one secret-two") == "«file:one» «file:two»"

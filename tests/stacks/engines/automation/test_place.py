"""Where Pulumi keeps a stack, what it is told and what it is not."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
import yaml

from infra_kit.inventory.access import Access
from infra_kit.inventory.errors import NoSecretError, RefusedError
from infra_kit.inventory.load import load_site
from infra_kit.plan.connections import Connections
from infra_kit.plan.resource import ReadContext
from infra_kit.stacks.engines.automation.place import PLUGIN, environment, place_of
from infra_kit.stacks.stack import Stack

STACK = Stack("workspaces", "workspaces", "fraud")


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A program of the plugin's name on PATH; it is not run."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / PLUGIN).write_text("#!/bin/false\n")
    (folder / PLUGIN).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def context(folder: Path, settings: str = "") -> ReadContext:
    file = folder / "platform.yaml"
    file.write_text(file.read_text().replace("kubernetes:\n", f"kubernetes:\n{settings}", 1))
    outside = folder.parent
    (outside / "token").write_text("the-token")
    (outside / "ca.pem").write_text("an authority")
    (folder / "passphrase").write_text("a passphrase")
    entry = {"host": "127.0.0.1", "port": 6443, "ca": "ca.pem", "password": "file:token"}
    (outside / "endpoints.yaml").write_text(yaml.safe_dump({"devices": {"kubernetes": {"kubernetes": entry}}}))
    site = load_site(folder)
    return ReadContext(site, Connections(Access(site, outside / "endpoints.yaml"), read_only=True))


WITH_PASSPHRASE = "  pulumi: {passphrase: 'file:passphrase'}\n"


def test_without_the_plugin_it_is_named_with_its_version(site_folder, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RefusedError, match=rf"`{PLUGIN}` \d+\.\d+\.\d+, is not on PATH, and infra-kit downloads none"):
        place_of(STACK, context(site_folder, WITH_PASSPHRASE))


@pytest.mark.usefixtures("plugin")
def test_without_a_passphrase_nothing_is_begun(site_folder):
    with pytest.raises(RefusedError, match="names no passphrase") as caught:
        place_of(STACK, context(site_folder))
    assert "pulumi: {passphrase:" in caught.value.remedy


@pytest.mark.usefixtures("plugin")
def test_a_passphrase_that_does_not_resolve_is_said(site_folder):
    with pytest.raises(NoSecretError, match="passphrase of Pulumi's state"):
        place_of(STACK, context(site_folder, "  pulumi: {passphrase: 'env:NO_SUCH_VARIABLE'}\n"))


@pytest.mark.usefixtures("plugin")
def test_a_file_backend_in_the_private_state_folder(site_folder):
    place = place_of(STACK, context(site_folder, WITH_PASSPHRASE))
    assert place.backend == f"file://{site_folder.resolve()}/.infra-kit/pulumi/backend"
    assert (place.project, place.stack) == ("infra-kit-workspaces", "configuration-1.workspaces.fraud")
    for folder in (site_folder / ".infra-kit" / "pulumi", Path(place.home), Path(place.work)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "a passphrase" not in repr(place)
    assert "the-token" not in repr(place)


@pytest.mark.usefixtures("plugin")
def test_another_backend_by_setting(site_folder):
    settings = "  pulumi: {passphrase: 'file:passphrase', backend: 's3://state'}\n"
    assert place_of(STACK, context(site_folder, settings)).backend == "s3://state"


@pytest.mark.usefixtures("plugin")
def test_the_cluster_as_a_client_of_kubernetes_wants_to_be_told(site_folder):
    found = yaml.safe_load(place_of(STACK, context(site_folder, WITH_PASSPHRASE)).kubeconfig)
    assert found["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert base64.b64decode(found["clusters"][0]["cluster"]["certificate-authority-data"]) == b"an authority"
    assert found["users"][0]["user"] == {"token": "the-token"}


@pytest.mark.usefixtures("plugin")
def test_no_secret_and_no_foreign_setting_goes_into_the_childs_environment(site_folder, monkeypatch):
    monkeypatch.setenv("A_PASSPHRASE", "quite a secret")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "of another Pulumi")
    monkeypatch.setenv("KUBECONFIG", "/of/another/cluster")
    monkeypatch.setenv("KEPT", "this")
    asked = context(site_folder, "  pulumi: {passphrase: 'env:A_PASSPHRASE'}\n")
    place_of(STACK, asked)
    found = environment(asked)
    assert found["KEPT"] == "this"
    assert not {"A_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "KUBECONFIG"} & found.keys()

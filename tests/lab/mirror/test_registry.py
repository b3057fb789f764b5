"""The registry as clients see it; podman, which others wrote, pulls from it where it is there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

import httpx
import pytest

from infra_kit.lab.mirror.images.store import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE
from infra_kit.lab.mirror.mirror import Mirror

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from infra_kit.lab.mirror.images.store import Image


@pytest.fixture
def client(images: list[Image], listening: socket.socket, serve) -> Iterator[httpx.Client]:
    port = listening.getsockname()[1]
    with serve(Mirror(images=(images, listening))), httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as found:
        yield found


def _manifest(client: httpx.Client, name: str, reference: str, **query: str) -> httpx.Response:
    return client.get(f"/v2/{name}/manifests/{reference}", params=query, headers={"Accept": MANIFEST_TYPE})


def test_it_says_what_it_is(client: httpx.Client) -> None:
    answer = client.get("/v2/")
    assert answer.status_code == 200
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_a_tag_leads_to_everything(client: httpx.Client) -> None:
    answer = _manifest(client, "some/thing", "1.0", ns="quay.io")
    assert answer.headers["Content-Type"] == MANIFEST_TYPE
    digest = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
    assert answer.headers["Docker-Content-Digest"] == digest
    manifest = answer.json()
    for part, kind in [(manifest["config"], CONFIG_TYPE), *((layer, LAYER_TYPE) for layer in manifest["layers"])]:
        assert part["mediaType"] == kind
        blob = client.get(f"/v2/some/thing/blobs/{part['digest']}", params={"ns": "quay.io"})
        assert len(blob.content) == part["size"]
        assert f"sha256:{hashlib.sha256(blob.content).hexdigest()}" == part["digest"]
    assert _manifest(client, "some/thing", digest, ns="quay.io").content == answer.content


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("some/thing", {"ns": "quay.io"}),  # containerd's mirrors
        ("quay.io/some/thing", {}),  # by this registry's own name
        ("quay.io/some/thing", {"ns": "quay.io"}),  # a mirror whose path names the registry again
        ("mirror/quay.io/some/thing", {"ns": "registry.example.internal"}),  # the site's mirror, mirrored
        ("some/thing", {}),  # whoever has nothing of that name elsewhere
    ],
)
def test_every_way_to_name_an_image_finds_it(client: httpx.Client, name: str, query: dict[str, str]) -> None:
    assert _manifest(client, name, "1.0", **query).status_code == 200


def test_head_says_the_size_and_sends_nothing(client: httpx.Client) -> None:
    manifest = _manifest(client, "some/thing", "1.0").json()
    answer = client.head("/v2/some/thing/manifests/1.0")
    assert (answer.status_code, answer.content) == (200, b"")
    layer = manifest["layers"][0]
    answer = client.head(f"/v2/some/thing/blobs/{layer['digest']}")
    assert answer.headers["Content-Length"] == str(layer["size"])
    assert answer.content == b""


def test_a_part_of_a_layer_is_sent(client: httpx.Client) -> None:
    layer = _manifest(client, "some/thing", "1.0").json()["layers"][0]
    path = f"/v2/some/thing/blobs/{layer['digest']}"
    whole = client.get(path).content
    part = client.get(path, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"


def test_what_there_is(client: httpx.Client) -> None:
    assert client.get("/v2/_catalog").json() == {"repositories": ["quay.io/some/thing", "registry.k8s.io/other"]}
    assert client.get("/v2/some/thing/tags/list").json() == {"name": "some/thing", "tags": ["1.0"]}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v2/some/thing/manifests/9.9", "MANIFEST_UNKNOWN"),
        ("/v2/no/such/manifests/1.0", "NAME_UNKNOWN"),
        ("/v2/no/such/manifests/1.0?ns=quay.io", "NAME_UNKNOWN"),
        (f"/v2/some/thing/blobs/sha256:{'0' * 64}", "BLOB_UNKNOWN"),
        ("/v2/some/thing/blobs/../../../etc/passwd", "NAME_INVALID"),
        ("/elsewhere", "NAME_INVALID"),
    ],
)
def test_what_is_not_there_is_an_error_of_the_specification(client: httpx.Client, path: str, code: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert [error["code"] for error in answer.json()["errors"]] == [code]


def test_nothing_can_be_pushed(client: httpx.Client) -> None:
    answer = client.post("/v2/some/thing/blobs/uploads/")
    assert answer.status_code == 405
    assert answer.json()["errors"][0]["code"] == "UNSUPPORTED"


@pytest.mark.judge
@pytest.mark.skipif(shutil.which("podman") is None or os.geteuid() != 0, reason="podman, as root, pulls from the registry")
def test_podman_pulls_from_it(images: list[Image], listening: socket.socket, serve, tmp_path: Path) -> None:
    mirror = Mirror(images=(images, listening))
    reference = f"127.0.0.1:{listening.getsockname()[1]}/quay.io/some/thing:1.0"
    with tempfile.TemporaryDirectory(prefix="ik-") as run:  # podman takes no longer one than 50 characters
        podman = ["podman", "--root", str(tmp_path / "root"), "--runroot", run, "--storage-driver", "vfs"]
        with serve(mirror):
            pulled = subprocess.run(
                [*podman, "pull", "--quiet", "--tls-verify=false", reference], capture_output=True, text=True, check=False
            )
        assert pulled.returncode == 0, pulled.stderr
        said = subprocess.run([*podman, "image", "inspect", reference], capture_output=True, text=True, check=True).stdout
    [seen] = json.loads(said)
    assert seen["Config"]["Entrypoint"] == ["run", "it"]
    assert seen["User"] == "1234"
    assert seen["RootFS"]["Layers"] == [packed.digest for packed, _ in images[0].layers]
    assert len(mirror.registry.references()) == 2

"""Layers are built once, whole or not at all, by one process at a time."""

from __future__ import annotations

import fcntl
import json
import tarfile
import threading
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.mirror.images import making
from infra_kit.lab.mirror.images.building import build
from infra_kit.lab.mirror.images.recipe import SUITE, Layer, Recipe, layers
from infra_kit.lab.mirror.images.store import digest_of

if TYPE_CHECKING:
    from infra_kit.lab.mirror.images.store import Store


def test_what_is_missing_is_built_once(store: Store, small: Recipe) -> None:
    said: list[str] = []
    [image] = build([small], said.append, store)
    assert [line.partition(":")[0] for line in said] == ["[1/2] account", "[1/2] account", "[2/2] link", "[2/2] link"]
    with tarfile.open(image.layers[0][1]) as lower, tarfile.open(image.layers[1][1]) as upper:
        passwd = lower.extractfile("etc/passwd")
        assert passwd is not None
        assert "user1234:x:1234:1234:" in passwd.read().decode()
        assert upper.getmember("opt/there").linkname == "/somewhere/else"
    said.clear()
    assert build([small], said.append, store)[0].manifest == image.manifest
    assert said == []


def test_the_manifest_names_what_is_there(store: Store, small: Recipe) -> None:
    [image] = build([small], lambda _: None, store)
    manifest, config = json.loads(image.manifest), json.loads(image.config)
    assert manifest["config"]["digest"] == digest_of(image.config)
    assert [layer["digest"] for layer in manifest["layers"]] == config["rootfs"]["diff_ids"], "plain tars: both digests are the same"
    assert [layer["size"] for layer in manifest["layers"]] == [file.stat().st_size for _, file in image.layers]
    assert config["config"] == {"User": "1234", "Env": ["PATH=/usr/bin"], "Entrypoint": ["run", "it"], "WorkingDir": "/"}


def test_a_layer_that_fails_leaves_nothing_and_those_before_it_stay(store: Store, small: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(what: str, ground: making.Ground) -> None:
        (ground.tree / "half").touch()
        raise LabError(f"no {what}")

    monkeypatch.setitem(making._MAKERS, "link", fails)
    with pytest.raises(LabError, match="no /opt/there"):
        build([small], lambda _: None, store)
    lower, upper = small.top.stack
    assert store.packed(lower)
    assert store.packed(upper) is None
    assert [entry.name for entry in (store.root / "layers").iterdir()] == [lower.key]
    monkeypatch.undo()
    said: list[str] = []
    build([small], said.append, store)
    assert said[0] == "[1/1] link:/opt/there /somewhere/else: building"


def test_what_a_killed_build_left_is_removed(store: Store, small: Recipe) -> None:
    (store.root / "layers/new-abc/layer/tree").mkdir(parents=True)
    build([small], lambda _: None, store)
    assert sorted(entry.name for entry in (store.root / "layers").iterdir()) == sorted(layer.key for layer in small.top.stack)


def test_one_process_builds_at_a_time(store: Store, small: Recipe) -> None:
    store.root.mkdir()
    said: list[str] = []
    waits = threading.Event()

    def say(words: str) -> None:
        said.append(words)
        waits.set()

    with (store.root / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = threading.Thread(target=build, args=([small], say, store))
        second.start()
        assert waits.wait(10)
        assert said == ["another process is building images; waiting for it"]
        assert store.missing([small]), "it has not begun"
    second.join(10)
    assert not store.missing([small])


def test_layers_are_known_by_what_they_are_and_what_lies_beneath() -> None:
    base = Layer("base", SUITE)
    assert layers(("base", SUITE), ("apt", "jq")).key == Layer("apt", "jq", base).key
    assert len({Layer("apt", "jq").key, Layer("apt", "jq", base).key, Layer("pip", "jq", base).key, Layer("apt", "curl", base).key}) == 4


def test_single_files_are_picked_upon_a_base_that_is_no_part_of_the_image(store: Store) -> None:
    picked = Recipe("a/b:c", layers(("pick", "nftables:/usr/sbin/nft"), ("link", "/a /b")), ("nft",))
    assert [layer.kind for layer in picked.top.stack] == ["pick", "link"]
    assert [layer.kind for layer in store.missing([picked])] == ["base", "pick", "link"]
    assert str(picked.top.stack[0]) == "pick:nftables"

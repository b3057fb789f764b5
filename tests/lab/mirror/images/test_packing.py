"""Layers as tars: read back by Python's tarfile and unpacked by tar, both of which others wrote."""

from __future__ import annotations

import os
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from infra_kit.lab.mirror.images.packing import pack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for folder in ("usr/bin", "tmp", "var/cache/apt", "var/lib/app"):
        (root / folder).mkdir(parents=True)
    (root / "usr/bin/tool").write_text("#!/bin/sh\n")
    (root / "usr/bin/tool").chmod(0o755)
    os.link(root / "usr/bin/tool", root / "usr/bin/same")
    (root / "bin").symlink_to("usr/bin")
    (root / "tmp").chmod(0o1777)
    (root / "tmp/left").write_text("over")
    (root / "var/cache/apt/pkgcache.bin").write_text("large")
    os.mkfifo(root / "var/lib/app/pipe")
    return root


def _names(file: Path) -> list[str]:
    with tarfile.open(file) as archive:
        return archive.getnames()


def test_what_a_runtime_brings_itself_is_left_out(tree: Path, tmp_path: Path) -> None:
    pack(tree, tmp_path / "layer.tar")
    assert _names(tmp_path / "layer.tar") == [
        *("bin", "tmp", "usr", "var"),
        *("usr/bin", "usr/bin/same", "usr/bin/tool"),
        *("var/cache", "var/lib", "var/lib/app"),
    ]


def test_the_same_tree_is_the_same_layer(tree: Path, tmp_path: Path) -> None:
    first, second = pack(tree, tmp_path / "1.tar"), pack(tree, tmp_path / "2.tar")
    assert first == second
    said = subprocess.run(["sha256sum", tmp_path / "1.tar"], capture_output=True, text=True, check=True).stdout
    assert first.digest == f"sha256:{said.split()[0]}"
    assert first.size == (tmp_path / "1.tar").stat().st_size


def test_tar_unpacks_it_as_it_was(tree: Path, tmp_path: Path) -> None:
    pack(tree, tmp_path / "layer.tar")
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-C", out, "-xpf", tmp_path / "layer.tar"], check=True)
    assert (out / "bin").readlink().name == "bin"
    assert (out / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert (out / "bin/tool").stat().st_mode & 0o777 == 0o755
    assert (out / "bin/tool").samefile(out / "bin/same"), "a hard link stays one"


@pytest.mark.skipif(os.geteuid() != 0, reason="devices and trusted attributes are root's")
def test_what_an_overlay_removed_is_marked_as_the_specification_says(tree: Path, tmp_path: Path) -> None:
    os.mknod(tree / "usr/bin/gone", 0o20000, os.makedev(0, 0))
    os.mknod(tree / "old", 0o20000, os.makedev(0, 0))
    os.setxattr(tree / "var/lib/app", "trusted.overlay.opaque", b"y")
    pack(tree, tmp_path / "layer.tar")
    names = _names(tmp_path / "layer.tar")
    assert "usr/bin/.wh.gone" in names
    assert ".wh.old" in names
    assert "var/lib/app/.wh..wh..opq" in names
    assert not any(name.endswith(("/gone", "/pipe")) for name in names)

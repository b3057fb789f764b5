"""A full disk or a state folder that cannot be written: no device is sent anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conftest import Bench


def _apply(bench: Bench, site: Path, before: str = "pass", prefix: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    bench.forget()
    code = f"import sys; {before}; from infra_kit.cli.app import run; sys.exit(run(sys.argv[1:]))"
    command = [*prefix, sys.executable, "-c", code, "apply", str(site), "--yes", "--endpoints", str(bench.lab.endpoints)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def _require_nothing_sent(bench: Bench, said: subprocess.CompletedProcess[str]) -> None:
    assert said.returncode == 1, said.stdout + said.stderr
    assert "nothing was sent to any device" in said.stderr
    assert "Traceback" not in said.stderr
    assert bench.asked() == {}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no right to mount a small file system here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def _copy(bench: Bench, place: Path) -> Path:
    for file in bench.site.glob("*.yaml"):
        (place / file.name).write_bytes(file.read_bytes())
    return place


def test_a_full_disk(bench: Bench, small_disk: Path) -> None:
    _require_nothing_sent(bench, _apply(bench, _copy(bench, small_disk)))


def test_a_read_only_file_system(bench: Bench, small_disk: Path) -> None:
    _copy(bench, small_disk)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    said = _apply(bench, small_disk)
    _require_nothing_sent(bench, said)
    assert "Read-only file system" in said.stderr


def test_a_limit_on_file_sizes(bench: Bench) -> None:
    _require_nothing_sent(bench, _apply(bench, bench.site, "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))"))


def test_a_folder_of_somebody_else(bench: Bench, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can become somebody else")
    place = tmp_path / "owned"
    place.mkdir(mode=0o555)
    _copy(bench, place)
    os.chown(place, 65534, 65534)
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv to give up root's power to write everywhere")
    without = "-dac_override,-fowner"
    _require_nothing_sent(bench, _apply(bench, place, prefix=["setpriv", "--bounding-set", without, "--inh-caps", without]))

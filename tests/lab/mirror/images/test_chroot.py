"""A root file system of the test's own: this machine's shell and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.mirror.images import chroot
from infra_kit.lab.mirror.images.chroot import Chroot

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root file systems of their own are root's to enter")


@pytest.fixture
def lower(tmp_path: Path) -> Path:
    """A tree with a shell, and the libraries that it needs."""
    root = tmp_path / "lower"
    for folder in ("dev", "proc", "run", "tmp", "etc"):
        (root / folder).mkdir(parents=True)
    (root / "etc/resolv.conf").touch()
    linked = subprocess.run(["ldd", "/bin/sh"], capture_output=True, text=True, check=True).stdout
    for file in ["/bin/sh", *re.findall(r"/[^ ]+", linked)]:
        target = root / file.strip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(file).resolve(), target)
    (root / "old").write_text("old\n")
    return root


@pytest.fixture
def upper(tmp_path: Path) -> Path:
    (tmp_path / "upper").mkdir()
    return tmp_path / "upper"


def test_changes_are_kept_apart_and_no_mount_is_left(lower: Path, upper: Path) -> None:
    before = Path("/proc/self/mounts").read_text()
    said = Chroot([lower], upper).run(
        ["/bin/sh", "-c", 'echo new > /old; echo x > /made; echo x > /run/gone; read line < /old; echo "$line"']
    )
    assert said == "new\n"
    assert sorted(str(file.relative_to(upper)) for file in upper.rglob("*") if file.is_file()) == ["made", "old"]
    assert (lower / "old").read_text() == "old\n"
    assert Path("/proc/self/mounts").read_text() == before
    assert [entry.name for entry in upper.parent.iterdir() if entry.name.startswith("chroot-")] == []


def test_upper_trees_cover_lower_ones(lower: Path, upper: Path, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    (tmp_path / "second/old").write_text("younger\n")
    assert Chroot([lower, tmp_path / "second"], upper).run(["/bin/sh", "-c", 'read l < /old; echo "$l"']) == "younger\n"


def test_files_of_this_machine_are_seen_inside(lower: Path, upper: Path, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("from outside\n")
    work = Chroot([lower], upper, {tmp_path / "words": "/run/words"})
    assert work.run(["/bin/sh", "-c", 'read l < /run/words; echo "$l $MORE"'], {"MORE": "more"}) == "from outside more\n"
    assert not list(upper.rglob("words"))


def test_the_path_of_the_inside_is_for_the_inside_alone(lower: Path, upper: Path) -> None:
    assert Chroot([lower], upper).run(["/bin/sh", "-c", 'echo "$PATH"'], {"PATH": "/no/where"}) == "/no/where\n"


def test_a_failure_has_the_last_words(lower: Path, upper: Path) -> None:
    with pytest.raises(LabError, match=r"(?s)`/bin/sh -c .* failed .*it broke"):
        Chroot([lower], upper).run(["/bin/sh", "-c", "echo it broke >&2; exit 3"])


def test_it_ends_with_whoever_started_it(lower: Path, upper: Path, tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from infra_kit.lab.mirror.images.chroot import Chroot
Chroot([Path({str(lower)!r})], Path({str(upper)!r}), {{Path({str(tmp_path)!r}): "/run/out"}}).run(
    ["/bin/sh", "-c", "echo started > /run/out/started; while :; do :; done"]
)
"""
    with subprocess.Popen([sys.executable, "-c", program]) as killed:
        _until((tmp_path / "started").exists)
        killed.kill()
    _until(lambda: not _inside(str(upper)))


def _inside(words: str) -> list[str]:
    lines = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(place.read_text())
    return [line for line in lines if words in line]


def _until(look) -> None:
    deadline = time.monotonic() + 20
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_secrets_of_the_environment_stay_outside(lower: Path, upper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "hidden")
    monkeypatch.setenv("https_proxy", "http://proxy:1")
    said = Chroot([lower], upper).run(["/bin/sh", "-c", "set"])
    assert "hidden" not in said
    assert "https_proxy='http://proxy:1'" in said


def test_who_is_not_root_is_told_so(lower: Path, upper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroot.os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="only root can enter"):
        Chroot([lower], upper).run(["/bin/sh"])

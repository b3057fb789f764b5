from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from infra_kit.inventory.atomic_file import write_whole


def test_a_file_is_made_with_its_mode_and_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_whole(file, "first", mode=0o600)
    before = file.stat()
    with file.open() as reader:
        write_whole(file, b"second", mode=0o640, durable=False)
        assert reader.read() == "first"
    assert file.read_text() == "second"
    assert stat.S_IMODE(before.st_mode) == 0o600
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.stat().st_ino != before.st_ino
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_a_link(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    target = folder / "target"
    if exists:
        target.write_text("old")
    first, second = tmp_path / "first", tmp_path / "second"
    second.symlink_to(target)
    first.symlink_to("second")
    write_whole(first, "new", mode=0o600)
    assert first.is_symlink()
    assert second.is_symlink()
    assert target.read_text() == "new"
    assert list(folder.iterdir()) == [target]


@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path, linked: bool) -> None:
    pipe = path = tmp_path / "pipe"
    os.mkfifo(pipe)
    if linked:
        path = tmp_path / "link"
        path.symlink_to(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    write_whole(path, "text" * 100_000, mode=0o600)
    reader.join(timeout=10)
    assert got == ["text" * 100_000]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert path.is_symlink() is linked


def test_a_pipe_that_only_the_process_has_is_written_to() -> None:
    """As `/dev/stdout` is: the link's text is no path."""
    reading, writing = os.pipe()
    write_whole(Path(f"/proc/self/fd/{writing}"), "text", mode=0o600)
    os.close(writing)
    with os.fdopen(reading) as reader:
        assert reader.read() == "text"


def test_the_file_that_the_output_goes_to_is_not_cut_loose(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from infra_kit.inventory.atomic_file import write_whole;"
        "print('before'); write_whole(Path('/proc/self/fd/1'), 'content\\n', mode=0o600); print('after')"
    )
    file = tmp_path / "output"
    with file.open("w") as output:
        subprocess.run([sys.executable, "-c", code], stdout=output, check=True, timeout=60)
    assert file.read_text() == "before\ncontent\nafter\n"


def test_what_cannot_be_replaced_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, "new", mode=0o600)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_is_no_place_for_content(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, "text", mode=0o600)


def test_a_closed_output_is_no_output(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from infra_kit.inventory.atomic_file import write_whole;"
        "write_whole(Path(sys.argv[1]), 'x', mode=0o600)"
    )
    (tmp_path / "file").write_text("old")
    subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-c", code, str(tmp_path / "file")], check=True, timeout=60)
    assert (tmp_path / "file").read_text() == "x"

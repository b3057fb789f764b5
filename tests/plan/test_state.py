from __future__ import annotations

import os
import resource
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import StateError
from infra_kit.plan.state import StateFolder

if TYPE_CHECKING:
    from pathlib import Path


def test_the_folder_is_made_private_and_reserved(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    (tmp_path / ".infra-kit").mkdir(mode=0o755)
    state.prepare()
    assert state.root.stat().st_mode & 0o777 == 0o700
    assert (state.root / ".gitignore").read_text() == "*\n"
    assert state.release()
    assert not state.release()
    assert sorted(each.name for each in state.root.iterdir()) == [".gitignore", "runs"]


def test_a_run_has_a_folder_of_its_own(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.prepare()
    run = state.new_run()
    assert state.run_folder(run).name == run
    with pytest.raises(StateError, match="the run's folder cannot be made"):
        state.run_folder(run)


@pytest.mark.badday
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".infra-kit").write_text("in the way")
    with pytest.raises(StateError, match="nothing was sent to any device"):
        StateFolder(tmp_path).prepare()


@pytest.mark.badday
def test_a_disk_with_too_little_room_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)

    class Full:
        f_bavail = 10
        f_frsize = real.f_frsize

    monkeypatch.setattr(os, "statvfs", lambda _path: Full)
    with pytest.raises(StateError, match="only 0 MiB are free"):
        StateFolder(tmp_path).prepare()


@pytest.mark.badday
def test_a_limit_on_file_sizes_is_met_before_any_device(tmp_path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            StateFolder(tmp_path).prepare()
        except StateError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7

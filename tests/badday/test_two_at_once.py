from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Bench


def test_a_second_apply_is_told_who_holds_the_lock(bench: Bench, tmp_path: Path, wait_until: Callable[..., None]) -> None:
    go_on = tmp_path / "go-on"
    child = bench.stopping(3, "hold", str(go_on), "--storage")
    try:
        wait_until(go_on.with_suffix(".held").exists, 60)
        bench.forget()
        second = bench.infra("apply", "--yes")
        assert second.code == 4
        assert f"@{os.uname().nodename}, process {child.pid}, run 2" in second.err
        assert ", since 2" in second.err
        assert bench.infra("apply", "--yes", "--break-lock").code == 4
        assert f"process {child.pid}" in bench.infra("status").out
        assert bench.infra("plan", "--layer", "storage").code == 0  # looking needs no lock
        child.send_signal(signal.SIGTERM)
        go_on.touch()
        _, said = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == 5, said
    assert '"state": "interrupted"' in bench.infra("history", "--format", "json").out
    assert "lock: free" in bench.infra("status").out


def test_an_interrupt_ends_the_wait_for_a_stuck_job_soon_and_the_run_is_resumed(bench: Bench, wait_until: Callable[..., None]) -> None:
    bench.control.faults("edge01", stuck_jobs=True)
    options = ("--target", "bmc/bios/edge01", "--allow-reboot")
    command = [
        sys.executable,
        "-c",
        "import sys; from infra_kit.cli.app import run; sys.exit(run(sys.argv[1:]))",
        "apply",
        str(bench.site),
        "--yes",
        *options,
    ]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: any("Reset" in path for _, path in bench.changes("edge01")), 60)
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == 5, said
    assert "interrupted while waiting for job JID_" in said
    assert "stays in the BMC's queue" in said
    assert "lock: free" in bench.infra("status").out
    bench.control.faults("edge01", stuck_jobs=False)
    resumed = bench.infra("apply", "--resume", "--yes")
    assert resumed.code == 0, resumed.out
    assert bench.infra("plan", "--target", "bmc/bios/edge01", "--detailed-exitcode").code == 0


def test_a_killed_runs_lock_is_explained_and_broken_on_request(bench: Bench) -> None:
    child = bench.stopping(2, "kill", "--storage")
    child.communicate(timeout=60)
    refused = bench.infra("apply", "--yes", "--target", "storage/directory/*")
    assert refused.code == 4
    assert f"process {child.pid} is gone from this host" in refused.err
    assert "--break-lock" in refused.err
    broken = bench.infra("apply", "--yes", "--target", "storage/directory/*", "--break-lock")
    assert broken.code == 0, broken.err
    assert "lock taken over: " in broken.err

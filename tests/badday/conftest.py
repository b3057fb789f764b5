"""A site whose lab runs, the command line on it, and what its devices were asked."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra_kit.cli.app import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.lab.embedded import RunningLab

STOPPING = Path(__file__).with_name("apply_that_stops.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.badday)


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> str:
        """The plan's or the run's last counts."""
        return re.findall(r"^(?:Plan|Drift|Run [^:]*): (.*)$", self.out, re.MULTILINE)[-1]


class Bench:
    """The command line on one site."""

    def __init__(self, lab: RunningLab, capsys: pytest.CaptureFixture[str]) -> None:
        self.lab, self.site, self._capsys = lab, lab.site_folder, capsys
        self.control = lab.control

    def infra(self, command: str, *options: str, target: Path | None = None) -> Said:
        self._capsys.readouterr()
        code = run([command, str(target or self.site), *options])
        said = self._capsys.readouterr()
        return Said(code, said.out, said.err)

    def stopping(self, at: int | str, way: str, *rest: str) -> subprocess.Popen[str]:
        """`apply` in a child that is killed or held at its N-th event, or at the first of a moment."""
        command = [sys.executable, str(STOPPING), str(self.site), str(at), way, *rest]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def devices(self) -> list[str]:
        return [device["name"] for device in self.control.devices()]

    def forget(self) -> None:
        for name in self._busy():
            self.control.clear_events(name)

    def asked(self) -> dict[str, list[tuple[str, str]]]:
        """Device -> what it was asked, of those that were asked anything."""
        return {name: self.control.events(name) for name in self._busy()}

    def _busy(self) -> list[str]:
        return [device["name"] for device in self.control.devices() if device["requests"]]

    def changes(self, name: str) -> list[tuple[str, str]]:
        """What a device was asked beyond looking."""
        return [each for each in self.control.events(name) if each[0] not in {"GET", "login", "login-refused", "show"}]

    def require_converged(self) -> None:
        said = self.infra("plan", "--detailed-exitcode")
        assert said.code == 0, said.out


@pytest.fixture
def bench(lab: RunningLab, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(lab, capsys)


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Wait for something that another process brings about."""

    def wait(condition: Callable[[], object], seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.02)

    return wait

"""What hosts keep, what they leave: over down and up, reset, kills, and beside another lab."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.hosts import clearing
from infra_kit.lab.hosts.hosts import Hosts
from infra_kit.lab.hosts.specification import Attachment

from .conftest import FABRIC, skip_without_hosts, specs
from .machine import Machine, left

if TYPE_CHECKING:
    from .conftest import Loop


@pytest.fixture(autouse=True)
def _hosts_can_run() -> None:
    skip_without_hosts()


def test_what_they_write_stays_over_down_and_up_until_it_is_reset(tmp_path: Path, loop: Loop) -> None:
    machine, state = Machine.now(), tmp_path / "state"

    def once(command: str, *, reset: bool = False) -> str:
        hosts = Hosts(state, specs(tmp_path, "one"), FABRIC)
        loop.run(hosts.start(reset=reset))
        try:
            return loop.run(hosts.hosts["one"].execute(command)).strip()
        finally:
            loop.run(hosts.stop())
            assert left(state) == []
            assert hosts._keeper is None

    identity = once("echo written > /etc/written; echo image > /var/lib/containerd/image; cat /etc/machine-id")
    assert once("cat /etc/written /var/lib/containerd/image /etc/machine-id").split() == ["written", "image", identity]
    fresh = once("ls /etc/written /var/lib/containerd/image 2>/dev/null; cat /etc/machine-id", reset=True)
    assert fresh not in ("", identity)
    assert len(fresh.split()) == 1
    assert Machine.now() == machine


def test_two_labs_with_the_same_addresses_do_not_meet(tmp_path: Path, loop: Loop) -> None:
    labs = [Hosts(tmp_path / name / "state", specs(tmp_path / name, name, capacity=None), FABRIC) for name in ("red", "blue")]
    try:
        for lab in labs:
            loop.run(lab.start())
        seen = [loop.run(lab.hosts[name].execute("hostname")).strip() for lab, name in zip(labs, ("red", "blue"), strict=True)]
        assert seen == ["red", "blue"]
        loop.run(labs[0].stop())
        assert left(tmp_path / "red" / "state") == []
        assert loop.run(labs[1].hosts["blue"].execute("hostname")).strip() == "blue"
    finally:
        for lab in labs:
            loop.run(lab.stop())


PROGRAM = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1])))
from tests_of_hosts import FABRIC, specs
from infra_kit.lab.hosts.hosts import Hosts

async def main():
    folder = Path(sys.argv[2])
    hosts = Hosts(folder / "state", specs(folder, "killed"), FABRIC)
    await hosts.start()
    await hosts.hosts["killed"].execute("echo kept > /etc/kept; sync")
    print(hosts._keeper.pid, hosts._name, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def _start_another(tmp_path: Path) -> tuple[subprocess.Popen[str], int, str]:
    """A process with a host; with its keeper's pid and the name of everything that it has on this machine."""
    (tmp_path / "tests_of_hosts.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path), str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    keeper, name = process.stdout.readline().split()
    return process, int(keeper), name


@pytest.mark.badday
def test_a_killed_lab_is_cleared_by_its_keeper(tmp_path: Path) -> None:
    process, keeper, name = _start_another(tmp_path)
    descriptor = os.pidfd_open(keeper)
    process.kill()
    process.wait()
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    assert waiting.poll(30_000)
    os.close(descriptor)
    assert left(tmp_path / "state", name) == []


@pytest.mark.badday
def test_what_a_lab_and_its_keeper_left_is_cleared_by_the_next_up_or_down(tmp_path: Path, loop: Loop) -> None:
    process, keeper, name = _start_another(tmp_path)
    os.kill(keeper, signal.SIGKILL)
    process.kill()
    process.wait()
    assert any(name in each for each in left(tmp_path / "state"))
    hosts = Hosts(tmp_path / "state", specs(tmp_path, "killed"), FABRIC)
    loop.run(hosts.start())
    try:
        assert loop.run(hosts.hosts["killed"].execute("cat /etc/kept")).strip() == "kept"
        assert not [each for each in left(tmp_path / "state") if name in each]
    finally:
        loop.run(hosts.stop())
    assert left(tmp_path / "state") == []
    assert not clearing.clear(tmp_path / "state")


def test_one_that_cannot_be_made_takes_all_back(tmp_path: Path, loop: Loop) -> None:
    good, bad = specs(tmp_path, "good", "bad")
    lost = replace(bad, attachments=(Attachment("bond0", "nowhere", IPv4Address("10.9.9.9")),))
    with pytest.raises(LabError, match="bad: there is no network nowhere"):
        loop.run(Hosts(tmp_path / "state", [good, lost], FABRIC).start())
    assert left(tmp_path / "state") == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, loop: Loop) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(LabError, match=r"state: the hosts cannot be made: .*File exists"):
        loop.run(Hosts(tmp_path / "state", specs(tmp_path, "one"), FABRIC).start())
    assert left(tmp_path / "state") == []


def test_a_disk_is_not_put_over_another_root_filesystem(tmp_path: Path, loop: Loop) -> None:
    hosts = Hosts(tmp_path / "state", specs(tmp_path, "one"), FABRIC)
    (tmp_path / "state/one").mkdir(parents=True)
    (tmp_path / "state/one/root-filesystem").write_text(str(tmp_path / "gone"))
    with pytest.raises(LabError, match=r"one: the root file system .* is gone.*--reset"):
        loop.run(hosts.start())
    assert left(tmp_path / "state") == []

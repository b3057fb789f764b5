"""A site's lab in which one host is a virtual machine, as `infra-kit lab up --vm worker01` has it. `make test-vm` runs it."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.lab import process
from infra_kit.lab.control import LabControl
from infra_kit.lab.folder import LabFolder
from infra_kit.lab.machines.image import obtain_all_of_it

from .conftest import REFERENCE, skip_without_hosts
from .machine import Machine, left
from .test_lab_with_hosts import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.machine,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("INFRA_KIT_MACHINES") != "1", reason="virtual machines take minutes: `make test-vm`"),
]
WITHOUT = ["bmcs", "switches", "array"]
NAME = "worker01"
DEVICE = f"{NAME}:ssh"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabFolder]:
    skip_without_hosts()
    obtain_all_of_it(print)
    before = Machine.now()
    site = tmp_path_factory.mktemp("lab-with-machine") / "configuration-1"
    shutil.copytree(REFERENCE, site, ignore=shutil.ignore_patterns(".infra-kit"))
    folder = LabFolder(site)
    process.start(folder, without=WITHOUT, hosts=True, machines=[NAME])
    yield folder
    process.stop(folder)
    assert left(folder.hosts) == []
    assert Machine.now() == before


def ask(lab: LabFolder, command: str, name: str = NAME) -> str:
    with connect(lab, name) as client:
        return client.exec_command(command, timeout=120)[1].read().decode().strip()


def test_it_is_the_inventorys_server_with_a_kernel_of_its_own(lab: LabFolder) -> None:
    server = load_site(lab.site).server_by_name[NAME]
    assert {each["name"]: each["model"] for each in LabControl.of(lab.site).devices()}[DEVICE] == "machine"
    nics = [nic for nic in server.nics if nic.name in server.bonds[0].members]
    assert ask(lab, f"cat {' '.join(f'/sys/class/net/{nic.name}/address' for nic in nics)}").split() == [str(nic.mac) for nic in nics]
    disks = ask(lab, "lsblk --bytes --noheadings --nodeps --output SERIAL,SIZE,ROTA").splitlines()
    assert sum(int(line.split()[1]) // 10**9 == 3840 and line.split()[2] == "0" for line in disks if line.startswith("data")) == 4
    assert Path("/proc/sys/kernel/random/boot_id").read_text().strip() != ask(lab, "cat /proc/sys/kernel/random/boot_id")


def test_containers_and_machines_are_in_one_network(lab: LabFolder) -> None:
    neighbour = load_site(lab.site).server_by_name["worker02"].bonds[0].addresses[0].address
    assert " 0% packet loss" in ask(lab, f"ping -q -c 3 -M do -s 8972 {neighbour}")
    assert "200" in ask(
        lab, "python3 -c \"import urllib.request as r; print(r.urlopen('http://10.10.0.80/debian/dists/bookworm/Release').status)\""
    )


def test_it_suffers_as_any_host(lab: LabFolder) -> None:
    control = LabControl.of(lab.site)
    control.tamper(DEVICE, {"command": "echo changed > /root/by-somebody"})
    control.faults(DEVICE, unreachable=True)
    with pytest.raises(Exception, match=r"(?i)banner|connect|reset|EOF"):
        ask(lab, "true")
    control.faults(DEVICE, unreachable=False, stopped=True)
    control.faults(DEVICE, stopped=False)
    assert ask(lab, "hostname") == NAME


def test_it_goes_on_where_it_was_and_boots_after_its_lab_was_killed(lab: LabFolder) -> None:
    boot = ask(lab, "echo kept > kept; sync; cat /proc/sys/kernel/random/boot_id")
    process.stop(lab)
    assert left(lab.hosts) == []
    found = process.start(lab, without=WITHOUT, hosts=True, machines=[NAME])
    assert ask(lab, "cat kept /proc/sys/kernel/random/boot_id").split() == ["kept", boot]

    os.kill(found.pid, signal.SIGKILL)
    while process.find(lab) is not None or left(lab.hosts):
        time.sleep(0.1)
    process.start(lab, without=WITHOUT, hosts=True, machines=[NAME])
    kept, booted = ask(lab, "cat kept /proc/sys/kernel/random/boot_id").split()
    assert kept == "kept"
    assert booted != boot

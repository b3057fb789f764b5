"""A real virtual machine: made in seconds from a saved state, with its own name, network and clock; kept, reset, cut off.

Minutes under emulation: `make test-vm` runs it.
"""

from __future__ import annotations

import os
import subprocess
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.emulator import Login
from infra_kit.lab.hosts.fabric import Fabric
from infra_kit.lab.hosts.specification import Attachment, Card, Disks, FabricSpec, HostSpec, MachineSpec, NetworkSpec
from infra_kit.lab.machines.image import obtain_all_of_it
from infra_kit.lab.machines.machine import Machine
from infra_kit.lab.machines.specification import emulation
from infra_kit.lab.machines.uplink import Uplink

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.machine,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("INFRA_KIT_MACHINES") != "1", reason="virtual machines take minutes: `make test-vm`"),
]

NETWORK = NetworkSpec("data01", IPv4Network("10.21.1.0/24"), IPv4Address("10.21.1.1"), 9000)
AT = Attachment("bond0", "data01", IPv4Address("10.21.1.16"))
MAC = "02:00:00:00:01:16"
CARDS = (Card("ens1f0", MAC), Card("ens1f1", "02:00:00:00:01:17"))
DISKS = (Disks(3840, count=2), Disks(8000, rotational=True))


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> HostSpec:
    key = tmp_path_factory.mktemp("key") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    has = MachineSpec(CARDS, emulation().memory_mib, DISKS)
    return HostSpec("worker01", (AT,), Login("ansible", "only-for-this-test"), key, machine=has)


@pytest.fixture(scope="module")
def fabric(spec: HostSpec) -> Iterator[Fabric]:
    made = Fabric(Path("/run") / f"infra-kit-test-{os.getpid()}", FabricSpec((NETWORK,)), [spec])
    made.make()
    yield made
    made.namespace.remove()


@pytest.fixture(scope="module")
def machine(spec: HostSpec, fabric: Fabric, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    image = obtain_all_of_it(print)
    uplink = Uplink(spec.name, len(CARDS), fabric.plug_machine(spec))
    made = Machine(spec, image, tmp_path_factory.mktemp("machine") / "disks", NETWORK, uplink.cables)
    made.start()
    yield made
    made.power_off()
    uplink.close()


def greeting(fabric: Fabric) -> bytes:
    with fabric.namespace.connect(str(AT.address), 22, 30) as connection:
        return connection.recv(40)


def test_it_has_a_name_a_network_and_the_time_of_its_own(machine: Machine, fabric: Fabric) -> None:
    assert greeting(fabric).startswith(b"SSH-2.0-")
    assert machine.agent.do("hostname").strip() == "worker01"
    assert machine.agent.do("cat /sys/class/net/ens1f[01]/address").split() == [card.mac for card in CARDS]
    assert abs(int(machine.agent.do("date +%s")) - int(subprocess.run(["date", "+%s"], capture_output=True, check=True).stdout)) < 30
    assert machine.agent.do("ls /etc/ssh/ssh_host_*_key").split() == ["/etc/ssh/ssh_host_ed25519_key"]


def test_its_kernel_is_its_own(machine: Machine) -> None:
    before = Path("/proc/sys/vm/swappiness").read_text()
    machine.agent.do("sysctl -q vm.swappiness=1; modprobe bonding; modprobe 8021q; modprobe br_netfilter")
    assert machine.agent.do("cat /proc/sys/vm/swappiness").strip() == "1"
    assert Path("/proc/sys/vm/swappiness").read_text() == before
    assert machine.agent.run("exit 3").code == 3
    with pytest.raises(LabError, match="ended with 1"):
        machine.agent.do("false")


def test_its_disks_are_those_of_the_inventory(machine: Machine) -> None:
    listed = machine.agent.do("lsblk --bytes --noheadings --nodeps --output SERIAL,SIZE,ROTA").split("\n")
    disks = {name: (int(size) // 10**9, rota) for name, size, rota in (line.split() for line in listed if line.startswith("data"))}
    assert [disks[f"data{number}"] for number in range(3)] == [(3840, "0"), (3840, "0"), (8000, "1")]
    machine.agent.do("mkfs.xfs -q -f -L kept /dev/disk/by-id/virtio-data0")


def test_it_is_where_it_was_left(machine: Machine, fabric: Fabric) -> None:
    machine.agent.do("echo kept > /run/in-memory; echo kept > /root/on-disk")
    machine.stop()
    assert machine.pid is None
    machine.start()
    assert machine.agent.do("cat /run/in-memory /root/on-disk").split() == ["kept", "kept"]
    assert greeting(fabric).startswith(b"SSH-2.0-")


def test_it_keeps_name_and_network_over_a_power_cut(machine: Machine, fabric: Fabric) -> None:
    machine.agent.do("sync")
    machine.power_off()
    machine.start()  # as a lab does whose end was none of its own
    assert machine.agent.run("cat /run/in-memory").code != 0
    assert machine.agent.do("cat /root/on-disk; hostname; networkctl is-online 2>/dev/null; ls /sys/class/net").split()[:2] == [
        "kept",
        "worker01",
    ]
    machine.agent.do("timeout 60 /lib/systemd/systemd-networkd-wait-online -i ens1f0")
    assert machine.agent.do("cat /sys/class/net/ens1f[01]/address").split() == [card.mac for card in CARDS]
    assert machine.agent.do("lsblk --noheadings --output LABEL /dev/disk/by-label/kept").strip() == "kept"
    assert machine.agent.do("cat /sys/block/vdb/queue/rotational").strip() == "0"
    assert greeting(fabric).startswith(b"SSH-2.0-")


def test_it_has_no_way_out(machine: Machine) -> None:
    assert machine.agent.run("ping -c 1 -W 2 192.0.2.1").code != 0

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
from infra_kit.lab.hosts.building import obtain_all
from infra_kit.lab.hosts.fabric import Fabric
from infra_kit.lab.hosts.specification import Attachment, FabricSpec, HostSpec, NetworkSpec
from infra_kit.lab.machines.image import obtain
from infra_kit.lab.machines.machine import Cable, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.machine,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("INFRA_KIT_MACHINES") != "1", reason="virtual machines take minutes: `make test-vm`"),
]

NETWORK = NetworkSpec("data01", IPv4Network("10.21.1.0/24"), IPv4Address("10.21.1.1"), 9000)
AT = Attachment("ens1f0", "data01", IPv4Address("10.21.1.16"))
MAC = "02:00:00:00:01:16"
MEMORY_MIB = 384


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    made = Fabric(Path("/run") / f"infra-kit-test-{os.getpid()}", FabricSpec((NETWORK,)), [])
    made.make()
    made.namespace.ip("tuntap add tap0 mode tap", "link set tap0 mtu 9000 master data01 up")
    yield made
    made.namespace.remove()


@pytest.fixture(scope="module")
def machine(fabric: Fabric, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    image = obtain(obtain_all(print, ["machine"])["machine"], MEMORY_MIB, print)
    spec = HostSpec("worker01", (AT,), Login("ansible", "only-for-this-test"), key)
    cable = Cable(AT, NETWORK, MAC, "tap0")
    made = Machine(spec, image, folder / "disks", [cable], ["/usr/bin/nsenter", f"--net={fabric.namespace.file}"])
    made.start()
    yield made
    made.power_off()


def greeting(fabric: Fabric) -> bytes:
    with fabric.namespace.connect(str(AT.address), 22, 30) as connection:
        return connection.recv(40)


def test_it_has_a_name_a_network_and_the_time_of_its_own(machine: Machine, fabric: Fabric) -> None:
    assert greeting(fabric).startswith(b"SSH-2.0-")
    assert machine.agent.do("hostname").strip() == "worker01"
    assert machine.agent.do("cat /sys/class/net/ens1f0/address").strip() == MAC
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
    machine.power_on()
    assert machine.agent.run("cat /run/in-memory").code != 0
    assert machine.agent.do("cat /root/on-disk; hostname; networkctl is-online 2>/dev/null; ls /sys/class/net").split()[:2] == [
        "kept",
        "worker01",
    ]
    machine.agent.do("timeout 60 /lib/systemd/systemd-networkd-wait-online -i ens1f0")
    assert greeting(fabric).startswith(b"SSH-2.0-")


def test_it_has_no_way_out(machine: Machine) -> None:
    assert machine.agent.run("ping -c 1 -W 2 192.0.2.1").code != 0

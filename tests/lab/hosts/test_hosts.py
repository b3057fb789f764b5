"""Hosts of no site, as they are: reached by SSH, on a fabric without a way out, with a kernel that is shown and not given."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import socket
import threading
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

import paramiko
import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.emulator import Login
from infra_kit.lab.hosts.device import ApiDevice, HostDevice
from infra_kit.lab.trust import known_hosts_line

from .conftest import LOGIN, SERVICES
from .machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.lab.hosts.hosts import Hosts

    from .conftest import Loop


@pytest.fixture
def near(pair: Hosts, loop: Loop) -> Iterator[HostDevice]:
    """The device of host `near`, at rest again afterwards."""
    device = HostDevice("near:ssh", pair.hosts["near"], pair.namespace)
    yield device
    device.faults.update({"unreachable": False, "stopped": False, "powered_off": False})
    loop.run(device.feel_faults())
    loop.run(device.stop())


@pytest.fixture
def port(near: HostDevice, loop: Loop) -> int:
    """Where `near` listens on loopback."""
    return loop.run(near.start("127.0.0.1", 0))


def connect(pair: Hosts, port: int, tmp_path: Path, *, name: str = "near", login: Login = LOGIN) -> paramiko.SSHClient:
    """A connection that trusts the pinned key of a host, and no other."""
    known = tmp_path / "known_hosts"
    known.write_text(known_hosts_line(pair.hosts[name].spec.host_key, "127.0.0.1", port))
    client = paramiko.SSHClient()
    client.load_host_keys(str(known))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(
        "127.0.0.1",
        port,
        login.user,
        login.password,
        allow_agent=False,
        look_for_keys=False,
        timeout=20,
        banner_timeout=20,
        auth_timeout=20,
    )
    return client


def said(pair: Hosts, loop: Loop, command: str, name: str = "near") -> str:
    return loop.run(pair.hosts[name].execute(command)).strip()


def test_it_is_reached_with_its_pinned_key_and_sudo_takes_the_password(pair: Hosts, port: int, tmp_path: Path) -> None:
    with connect(pair, port, tmp_path) as client:
        standard_input, output, _ = client.exec_command("sudo -S -p '' sh -c 'id -u; hostname'")
        standard_input.write(f"{LOGIN.password}\n")
        standard_input.flush()
        assert output.read().decode().split() == ["0", "near"]
        _, output, _ = client.exec_command("sudo -n true; echo $?")
        assert output.read().decode().strip() == "1"


def test_another_hosts_key_and_a_wrong_password_are_refused(pair: Hosts, port: int, tmp_path: Path) -> None:
    with pytest.raises(paramiko.BadHostKeyException):
        connect(pair, port, tmp_path, name="far")
    with pytest.raises(paramiko.AuthenticationException):
        connect(pair, port, tmp_path, login=Login(LOGIN.user, "wrong"))


def test_its_systemd_has_started_all_that_it_should(pair: Hosts, loop: Loop) -> None:
    assert said(pair, loop, "systemctl is-system-running --wait") == "running"
    assert said(pair, loop, "systemctl is-enabled containerd haproxy chrony || true").split() == ["disabled"] * 3
    assert said(pair, loop, "cat /etc/machine-id") != said(pair, loop, "cat /etc/machine-id", "far")


def test_its_programs_see_the_inventorys_processors_and_memory(pair: Hosts, loop: Loop) -> None:
    lscpu = dict(line.split(":", 1) for line in said(pair, loop, "LC_ALL=C lscpu").splitlines())
    seen = {
        key: lscpu[key].strip() for key in ("CPU(s)", "Thread(s) per core", "Core(s) per socket", "Socket(s)", "NUMA node(s)", "Model name")
    }
    assert seen == {
        "CPU(s)": "128",
        "Thread(s) per core": "2",
        "Core(s) per socket": "32",
        "Socket(s)": "2",
        "NUMA node(s)": "2",
        "Model name": "AMD EPYC 7543 32-Core Processor",
    }
    assert said(pair, loop, "awk '/MemTotal/ {print $2}' /proc/meminfo") == str(512 * 2**20)
    assert said(pair, loop, "su ansible -c 'free -g' | awk '/Mem/ {print $2}'") == "512"
    # What they may really use stays the machine's: nobody starts 128 threads for it.
    assert said(pair, loop, "python3 -c 'import os; print(len(os.sched_getaffinity(0)))'") == str(len(os.sched_getaffinity(0)))


def test_the_machines_kernel_is_not_its_to_change(pair: Hosts, loop: Loop) -> None:
    before = Machine.now()
    refused = ("sysctl -w vm.swappiness=1", "date -s 12:00", "echo 1 > /proc/sys/kernel/hostname", "modprobe dummy")
    for command in refused:
        with pytest.raises(LabError):
            said(pair, loop, command)
    assert said(pair, loop, "sysctl -n -w vm.overcommit_memory=1 vm.panic_on_oom=0 kernel.panic=10").split() == ["1", "0", "10"]
    assert said(pair, loop, "sysctl -n -w net.ipv4.ip_forward=1") == "1"
    said(pair, loop, "nft add table inet mine && ip link add dummy0 type bridge && ip link del dummy0")
    assert Machine.now() == before


def test_hosts_reach_each_other_and_the_labs_services_and_nothing_else(pair: Hosts, loop: Loop) -> None:
    said(pair, loop, "ping -c 1 -W 2 10.21.2.12")
    assert said(pair, loop, "ip -o link show bond0 | grep -o 'mtu [0-9]*'") == "mtu 9000"
    with pair.namespace.listen(str(SERVICES), 0) as service:
        number = service.getsockname()[1]
        greeter = threading.Thread(target=lambda: service.accept()[0].sendall(b"hello\n"), daemon=True)
        greeter.start()
        assert said(pair, loop, f"bash -c 'head -1 < /dev/tcp/{SERVICES}/{number}'", "far") == "hello"
    for outside in ("192.0.2.1", "8.8.8.8", "10.99.0.1"):
        with pytest.raises(LabError, match="No route to host"):
            said(pair, loop, f"bash -c 'echo > /dev/tcp/{outside}/53'")


def test_the_fabric_is_reached_through_its_namespace_alone(pair: Hosts) -> None:
    with pair.namespace.connect("10.21.1.11", 22) as inside:
        assert inside.recv(4) == b"SSH-"
    with pytest.raises(OSError, match="refused"):
        pair.namespace.connect("10.21.1.11", 23)
    with pytest.raises(OSError, match="Cannot assign"):
        pair.namespace.listen("192.0.2.1", 0)
    with pytest.raises(FileNotFoundError):
        type(pair.namespace)(pair.namespace.file.with_name("none")).open()


def test_a_reboot_comes_back_with_its_disk_and_without_its_settings(pair: Hosts, loop: Loop, port: int, tmp_path: Path) -> None:
    said(
        pair,
        loop,
        "sysctl -w net.ipv4.conf.all.forwarding=1; echo kept > /root/kept; touch /run/not-kept; ip route add 10.77.0.0/16 via 10.21.1.1",
    )
    with connect(pair, port, tmp_path) as client:
        standard_input, output, _ = client.exec_command("sudo -S -p '' reboot")
        standard_input.write(f"{LOGIN.password}\n")
        standard_input.flush()
        output.read()
    loop.run(until_running_again(pair, "test ! -e /run/not-kept"))
    assert said(pair, loop, "cat /root/kept /proc/sys/net/ipv4/conf/all/forwarding; ip route show 10.77.0.0/16").split() == ["kept", "0"]
    with connect(pair, port, tmp_path) as client:
        assert client.exec_command("hostname")[1].read() == b"near\n"


async def until_running_again(pair: Hosts, condition: str) -> None:
    for _ in range(200):
        with contextlib.suppress(LabError):
            await pair.hosts["near"].execute(condition)
            await pair.hosts["near"].ready()
            return
        await asyncio.sleep(0.05)
    pytest.fail("the host did not come back")


def test_pulled_cables_refuse_new_connections_and_silence_old_ones(pair: Hosts, loop: Loop, near: HostDevice, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as before:
        assert before.recv(4) == b"SSH-"
        near.faults.unreachable = True
        loop.run(near.feel_faults())
        with socket.create_connection(("127.0.0.1", port)) as refused:
            assert refused.recv(4) == b""
        assert said(pair, loop, "ip -o link show bond0").count("NO-CARRIER") == 1
        near.faults.unreachable = False
        loop.run(near.feel_faults())
        before.sendall(b"SSH-2.0-still-there\r\n")
        assert before.recv(1000)


def test_a_frozen_host_takes_connections_and_never_answers(near: HostDevice, loop: Loop, port: int) -> None:
    near.faults.stopped = True
    loop.run(near.feel_faults())
    with socket.create_connection(("127.0.0.1", port)) as waiting:
        waiting.settimeout(0.3)
        with pytest.raises(TimeoutError):
            waiting.recv(4)
        near.faults.stopped = False
        loop.run(near.feel_faults())
        waiting.settimeout(20)
        assert waiting.recv(4) == b"SSH-"


def test_its_power_is_taken_away_and_given_back(pair: Hosts, near: HostDevice, loop: Loop, port: int) -> None:
    said(pair, loop, "echo written > /var/lib/etcd/written && sync")
    near.faults.powered_off = True
    loop.run(near.feel_faults())
    assert pair.hosts["near"].is_off
    with socket.create_connection(("127.0.0.1", port)) as refused:
        assert refused.recv(4) == b""
    near.faults.powered_off = False
    loop.run(near.feel_faults())
    assert said(pair, loop, "cat /var/lib/etcd/written") == "written"
    assert not near.faults.powered_off


def test_a_host_that_switches_itself_off_stays_off_until_somebody_switches_it_on(pair: Hosts, near: HostDevice, loop: Loop) -> None:
    loop.run(near.tamper({"command": "systemd-run --no-block sh -c 'sleep 0.3; systemctl poweroff'"}))
    loop.run(_until_off(pair))
    assert near.faults.as_dict()["powered_off"]
    near.faults.powered_off = False
    loop.run(near.feel_faults())
    assert said(pair, loop, "hostname") == "near"


async def _until_off(pair: Hosts) -> None:
    watching = pair.hosts["near"]._watching
    assert watching is not None
    await watching


def test_it_is_changed_by_a_command_and_by_nothing_else(pair: Hosts, near: HostDevice, loop: Loop) -> None:
    loop.run(near.tamper({"command": "echo changed > /etc/changed"}))
    assert said(pair, loop, "cat /etc/changed") == "changed"
    with pytest.raises(ValueError, match="not-there"):
        loop.run(near.tamper({"command": "cat /not-there"}))
    with pytest.raises(ValueError, match="knows one change"):
        loop.run(near.tamper({"bios": 1}))


ANSWERS = "import socket; s = socket.create_server(('', 6443)); s.accept()[0].sendall(b'api')"


def test_the_way_to_the_api_servers_leads_to_whoever_holds_their_address(pair: Hosts, loop: Loop) -> None:
    api = ApiDevice("kubernetes", IPv4Address("10.21.1.200"), pair.namespace)
    port = loop.run(api.start("127.0.0.1", 0))
    try:
        said(pair, loop, "ip address add 10.21.1.200/32 dev bond0")
        said(pair, loop, f'systemd-run --collect --unit=api python3 -c "{ANSWERS}"')
        said(pair, loop, "for i in $(seq 100); do ss -lnt | grep -q 6443 && break; sleep 0.05; done")
        with socket.create_connection(("127.0.0.1", port)) as client:
            assert client.recv(3) == b"api"
        api.faults.unreachable = True
        with socket.create_connection(("127.0.0.1", port)) as client:
            assert client.recv(3) == b""
        with pytest.raises(ValueError, match="run on hosts"):
            api.tamper({})
    finally:
        said(pair, loop, "ip address del 10.21.1.200/32 dev bond0")
        loop.run(api.stop())


def _instances_left() -> int:
    """How many root can have beside those in use."""
    held = []
    while (instance := ctypes.CDLL(None).inotify_init1(os.O_CLOEXEC)) >= 0:
        held.append(instance)
    for instance in held:
        os.close(instance)
    return len(held)


def test_its_inotify_instances_are_not_roots_of_the_machine(pair: Hosts, loop: Loop) -> None:
    """Root has 128 on the machine by default; a host has as many of its own, which others do not feel."""
    taking = "import ctypes; l = ctypes.CDLL(None); print(sum(l.inotify_init1(0) >= 0 for _ in range(2000)))"
    before = _instances_left()
    limit = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    assert int(said(pair, loop, f'python3 -c "{taking}"')) >= min(limit, 1000)
    keep = 'import ctypes, time; [ctypes.CDLL(None).inotify_init1(0) for _ in range(2000)]; open("/run/taken", "w"); time.sleep(60)'
    said(pair, loop, f"systemd-run --collect --unit=taking python3 -c '{keep}'")
    try:
        said(pair, loop, "timeout 50 sh -c 'until test -e /run/taken; do sleep 0.1; done'")
        assert before - _instances_left() < 64  # far from the 2,000 that were taken; others on this machine have theirs meanwhile
    finally:
        said(pair, loop, "systemctl stop taking")

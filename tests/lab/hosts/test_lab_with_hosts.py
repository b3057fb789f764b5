"""A site's lab with a real host for each of its servers, in the background, as `infra-kit lab up` starts it."""

from __future__ import annotations

import json
import os
import shutil
import signal
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import paramiko
import pytest
import yaml

from infra_kit.inventory.access import Access
from infra_kit.inventory.errors import LabError
from infra_kit.inventory.load import load_site
from infra_kit.lab import process
from infra_kit.lab.control import LabControl
from infra_kit.lab.folder import LabFolder

from .conftest import skip_without_hosts
from .machine import Machine, left

if TYPE_CHECKING:
    from collections.abc import Iterator

WITHOUT = ["bmcs", "switches", "array"]


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine.now()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, machine: Machine) -> Iterator[LabFolder]:
    skip_without_hosts()
    repository = Path(__file__).resolve().parents[3]
    site = tmp_path_factory.mktemp("lab-with-hosts") / "configuration-1"
    shutil.copytree(repository / "inventory/configuration-1", site, ignore=shutil.ignore_patterns(".infra-kit"))
    folder = LabFolder(site)
    process.start(folder, without=WITHOUT, hosts=True)
    yield folder
    process.stop(folder)
    assert left(folder.state / "hosts") == []


def connect(folder: LabFolder, name: str, known_hosts: str | None = None) -> paramiko.SSHClient:
    """As the hosts layer would: by the overlay, with its pinned key."""
    endpoint = Access(load_site(folder.site), folder.endpoints).endpoint(name, "ssh")
    client = paramiko.SSHClient()
    if known_hosts is None:
        client.load_host_keys(str(endpoint.known_hosts))
    else:
        client.get_host_keys().add(f"[{endpoint.host}]:{endpoint.port}", *_key(known_hosts))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(
        endpoint.host,
        endpoint.port,
        endpoint.user,
        endpoint.password().get_secret_value(),
        allow_agent=False,
        look_for_keys=False,
        timeout=60,
        banner_timeout=60,
        auth_timeout=60,
    )
    return client


def _key(line: str) -> tuple[str, paramiko.PKey]:
    _, kind, base64 = line.split()
    return kind, paramiko.Ed25519Key(data=b64decode(base64))


def test_all_thirteen_are_reached_with_their_pinned_keys(lab: LabFolder) -> None:
    site = load_site(lab.site)

    def answer(name: str) -> str:
        with connect(lab, name) as client:
            return (
                client.exec_command("hostname; ip -4 -o address show bond0 | awk '{print $4}'; awk '/MemTotal/ {print $2}' /proc/meminfo")[
                    1
                ]
                .read()
                .decode()
            )

    names = [server.name for server in site.servers]
    assert len(names) == 13
    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(names, pool.map(answer, names), strict=True))
    for server in site.servers:
        hostname, address, memory = answers[server.name].split()
        assert (hostname, address) == (server.name, f"{server.bonds[0].addresses[0].address}/24")
        assert int(memory) == site.profile_by_name[server.profile].memory.total_gib * 2**20


LOOK_UP = """python3 - <<'END'
import json, socket, struct
# As resolvers ask; the hosts' own settings are a role's to write.
def ask(name, server):
    query = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + b"".join(bytes([len(each)]) + each.encode() for each in name.split(".")) + bytes(5)
    query = query[:-4] + struct.pack(">2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(10)
        asking.sendto(query, (server, 53))
        answer = asking.recv(512)
    return [answer[3] & 15, answer.hex()]
names = ("worker02.configuration-1.example.internal", "www.example.org", "hub.fraud.svc.cluster.local.configuration-1.example.internal")
print(json.dumps([ask(name, server) for name in names for server in ("10.10.0.53", "10.10.1.53")]))
END
"""


def test_the_sites_name_servers_know_its_hosts_and_say_at_once_what_is_none(lab: LabFolder) -> None:
    with connect(lab, "worker01") as client:
        _, said, failed = client.exec_command(LOOK_UP)
        answers = json.loads(said.read() or failed.read())
    address = load_site(lab.site).server_by_name["worker02"].bonds[0].addresses[0].address
    assert [code for code, _ in answers] == [0, 0, 3, 3, 3, 3]  # 3: NXDOMAIN (RFC 1035, section 4.1.1)
    assert [address.packed.hex() in answer for _, answer in answers] == [True, True, False, False, False, False]


def test_a_host_with_another_key_is_refused(lab: LabFolder) -> None:
    other = next(line for line in lab.known_hosts.read_text().splitlines() if line.startswith(_place(lab, "worker02")))
    with pytest.raises(paramiko.BadHostKeyException):
        connect(lab, "worker01", other)


def _place(lab: LabFolder, name: str) -> str:
    entry = yaml.safe_load(lab.endpoints.read_text())["devices"][name]["ssh"]
    return f"[{entry['host']}]:{entry['port']}"


def test_the_overlay_says_what_they_are_and_where_their_cluster_answers(lab: LabFolder) -> None:
    site = load_site(lab.site)
    access = Access(site, lab.endpoints)
    assert access.stand_in is not None
    assert (access.stand_in.family, access.stand_in.release) == ("debian", "12")
    assert "hosts" not in access.left_out
    cluster = access.endpoint("kubernetes", "kubernetes")
    assert cluster.ca == lab.root / "kubernetes-ca.pem"
    assert not cluster.ca.exists()  # no cluster has been made
    LabControl.of(lab.site).tamper("master01:ssh", {"command": "mkdir -p /etc/kubernetes/pki; echo PEM > /etc/kubernetes/pki/ca.crt"})
    assert cluster.ca.read_text() == "PEM\n"


def test_they_are_listed_and_suffer_under_a_name_of_their_own(lab: LabFolder) -> None:
    control = LabControl.of(lab.site)
    listed = {each["name"]: each for each in control.devices()}
    assert listed["worker01:ssh"]["protocol"] == "ssh"
    assert listed["worker01:ssh"]["model"] == "host"
    assert listed["kubernetes"]["faults"] == {"unreachable": False}
    assert control.faults("edge01:ssh", powered_off=True)["powered_off"]
    with pytest.raises((paramiko.SSHException, OSError)):
        connect(lab, "edge01")
    control.faults("edge01:ssh", powered_off=False)
    with connect(lab, "edge01") as client:
        assert client.exec_command("hostname")[1].read() == b"edge01\n"


def test_the_mirror_can_be_taken_away_and_given_back(lab: LabFolder) -> None:
    control = LabControl.of(lab.site)
    url = "http://10.10.0.80/debian/dists/bookworm/InRelease"
    index = f"python3 -c 'import urllib.request as u; print(len(u.urlopen(\"{url}\", timeout=20).read()))' 2>&1"
    with connect(lab, "worker01") as client:
        assert control.faults("mirror", unreachable=True) == {"unreachable": True, "server_errors": 0, "latency_s": 0.0}
        assert "Remote end closed connection without response" in client.exec_command(index)[1].read().decode()
        control.faults("mirror", unreachable=False, server_errors=1)
        assert "503" in client.exec_command(index)[1].read().decode()
        assert int(client.exec_command(index)[1].read()) > 1000
    assert [what for _, what in control.events("mirror")] == ["/debian/dists/bookworm/InRelease"] * 3
    with pytest.raises(LabError, match="the same for every lab"):
        control.tamper("mirror", {"packages": "none"})


def test_each_takes_little_memory(lab: LabFolder) -> None:
    """No more than 40 MB a host that has nothing to do, the page cache left out."""
    used = [int(line.split()[1]) for line in _memory(lab) if line.startswith(("total_rss ", "anon "))]
    if not used:
        pytest.skip("the machine's control groups do not tell the memory")
    assert used[0] / 13 < 40 * 2**20


def _memory(lab: LabFolder) -> list[str]:
    from infra_kit.lab.hosts import clearing

    found = [*Path("/sys/fs/cgroup").glob(f"memory/{clearing.name_of(lab.state / 'hosts')}*/memory.stat")]
    found += [*Path("/sys/fs/cgroup").glob(f"{clearing.name_of(lab.state / 'hosts')}*/memory.stat")]
    return found[0].read_text().splitlines() if found else []


@pytest.mark.badday
def test_after_a_kill_down_leaves_the_machine_as_it_was(lab: LabFolder, machine: Machine) -> None:
    """The last test of the module: it ends the lab."""
    running = process.find(lab)
    assert running is not None
    keepers = [each for each in left(lab.state / "hosts") if "infra_kit.lab.hosts.keeper" in each]
    assert len(keepers) == 1
    os.kill(int(keepers[0].partition(":")[0]), signal.SIGKILL)
    os.kill(running.pid, signal.SIGKILL)
    os.waitpid(running.pid, 0)
    assert len(left(lab.state / "hosts")) > 13
    assert process.stop(lab) is None
    assert left(lab.state / "hosts") == []
    assert Machine.now() == machine
    record = json.loads(lab.ports.read_text())
    assert {"worker01:ssh", "kubernetes"} <= record.keys()

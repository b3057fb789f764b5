"""A check of 100 hosts by Ansible takes under 1.5 GB on the controller, all processes of infra-kit's together.

    .venv/bin/python benchmarks/hosts_memory.py [--hosts 100]

The hosts are real ones, systemd in containers, to which nothing was ever applied, so that every role goes to Ansible in check mode: the
most that a plan needs. Three roles, for memory grows with hosts, not with roles. What is counted is PSS, in which a page that several
processes share counts once, of the process that plans and all that descend from it; it is looked at every second. The hosts' own
processes are not among them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from hosts_plan import PASSWORD, USER, many_hosts

LIMIT_MB = 1500.0
ROLES = ("baseline", "time", "identity")
_LOOK_S = 1.0


async def serve(folder: Path, count: int) -> None:
    """Have the hosts until standard input ends."""
    from infra_kit.inventory.hosts import management_address
    from infra_kit.lab.emulator import Login
    from infra_kit.lab.hosts.device import HostDevice
    from infra_kit.lab.hosts.hosts import Hosts
    from infra_kit.lab.hosts.specification import Attachment, FabricSpec, HostSpec, NetworkSpec
    from infra_kit.lab.trust import host_key, known_hosts_line

    login, specs = Login(USER, PASSWORD), []
    for server in many_hosts(count).servers:
        address = management_address(server)
        assert address is not None
        interface = Attachment("bond0", "data", address.address)
        specs.append(HostSpec(server.name, (interface,), login, host_key(folder / "keys" / server.name)))
    fabric = FabricSpec((NetworkSpec("data", IPv4Network("10.21.0.0/16"), IPv4Address("10.21.0.1"), 9000),))
    hosts = Hosts(folder / "state", specs, fabric)
    (folder / "password").write_text(PASSWORD)
    await hosts.start()
    try:
        known, lines = "", ["devices:"]
        for name, host in hosts.hosts.items():
            port = await HostDevice(f"{name}:ssh", host, hosts.namespace).start("127.0.0.1", 0)
            known += known_hosts_line(host.spec.host_key, "127.0.0.1", port)
            trust = f"known_hosts: known_hosts, user: {USER}, password: 'file:password'"
            lines.append(f"  {name}: {{ssh: {{host: 127.0.0.1, port: {port}, {trust}}}}}")
        (folder / "known_hosts").write_text(known)
        lines.append("hosts: {family: debian, release: '12', packages: 'http://10.10.0.80/debian', registry: '10.10.0.80:5000'}")
        (folder / "endpoints.yaml").write_text("\n".join([*lines, ""]))
        print("ready", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    finally:
        await hosts.stop()


def plan(folder: Path, count: int) -> None:
    """Plan the roles as `infra-kit plan --layer hosts` does, and print what came of it."""
    from infra_kit.inventory.access import Access
    from infra_kit.layers import layers
    from infra_kit.plan.connections import Connections
    from infra_kit.plan.planning import make_plan
    from infra_kit.plan.resource import ReadContext
    from infra_kit.plan.selection import Selection

    site = many_hosts(count)
    chosen = Selection(targets=tuple(f"hosts/{role}/*" for role in ROLES))
    with Connections(Access(site, folder / "endpoints.yaml"), read_only=True) as connections:
        made = make_plan(layers(["hosts"]), ReadContext(site, connections), selection=chosen)
    print(json.dumps(made.summary))


def descendants(process: int) -> set[int]:
    """The process and all that came of it and is still there."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
    found, more = set(), {process}
    while more:
        found |= more
        more = {each for each, parent in parents.items() if parent in more} - found
    return found


def memory_mb(processes: set[int]) -> float:
    """PSS of some processes together."""
    total = 0
    for each in processes:
        with contextlib.suppress(OSError):
            found = re.search(r"^Pss: +(\d+) kB$", Path(f"/proc/{each}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total / 1024


def measure(count: int) -> bool:
    """Plan, look at the memory meanwhile, and print; says whether the claim holds."""
    me = [sys.executable, str(Path(__file__).resolve()), "--hosts", str(count)]
    peak, most = 0.0, 0
    with tempfile.TemporaryDirectory() as name:
        hosts = subprocess.Popen([*me, "--serve", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if hosts.stdout is None or hosts.stdout.readline() != "ready\n":
                sys.exit("the hosts did not start")
            began = time.perf_counter()
            planning = subprocess.Popen([*me, "--plan", name], stdout=subprocess.PIPE, text=True)
            said: list[str] = []
            reading = threading.Thread(target=lambda: said.append(planning.communicate()[0]))
            reading.start()
            while reading.is_alive():
                now = descendants(planning.pid)
                peak, most = max(peak, memory_mb(now)), max(most, len(now))
                reading.join(_LOOK_S)
            took = time.perf_counter() - began
        finally:
            hosts.communicate("")
    if planning.returncode:
        sys.exit("the plan failed")
    print(f"{count} hosts, {len(ROLES)} roles, {os.cpu_count()} cores: {json.loads(said[0])}")
    print(f"  plan {took:.0f} s; at most {most} processes, {peak:.0f} MB (limit {LIMIT_MB:.0f})")
    return peak < LIMIT_MB


def main() -> int:
    """Parse, then be one of the three processes; 1 where the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--plan", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve, options.hosts))
    elif options.plan:
        plan(options.plan, options.hosts)
    else:
        return int(not measure(options.hosts))
    return 0


if __name__ == "__main__":
    sys.exit(main())

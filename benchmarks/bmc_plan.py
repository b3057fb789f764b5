"""A plan of 200 BMCs with 20 ms latency is 10 times faster than `ansible-playbook --check` with Dell's idrac_bios, in under 300 MB.

    .venv/bin/python benchmarks/bmc_plan.py [--bmcs 200] [--latency 0.02] [--forks 20]

infra-kit reads identity, power, BIOS and boot order of every server; Ansible's module the BIOS alone, with the same attributes
and 20 forks. Both are measured as whole processes, from start to exit, one after the other. The emulated BMCs live in a third
process. A run with fewer BMCs shows that it works; the claim is about 200.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site

REPOSITORY = Path(__file__).resolve().parents[1]
RATIO, PEAK_MB = 10, 300
USER, PASSWORD = "root", "benchmark-only"


def many_servers(count: int) -> Site:
    """The first reference site with `count` copies of one worker as its only servers."""
    from infra_kit.inventory.load import load_site

    site = load_site(REPOSITORY / "inventory" / "configuration-1")
    worker = next(server for server in site.servers if server.role == "worker")
    first = IPv4Address("10.8.0.1")
    servers = [
        worker.model_copy(
            update={
                "name": f"worker{number:04d}",
                "service_tag": f"B{number:06d}",
                "bmc": worker.bmc.model_copy(update={"address": first + number}),
            }
        )
        for number in range(count)
    ]
    many = site.model_copy(update={"servers": servers})
    many.__dict__.pop("server_by_name", None)  # the look-up that the loading of the reference site has cached
    return many


async def serve(folder: Path, count: int, latency_s: float) -> None:
    """Be the BMCs until standard input ends."""
    from infra_kit.lab.emulator import Login
    from infra_kit.lab.redfish import build
    from infra_kit.lab.trust import Authority

    site = many_servers(count)
    authority = Authority(folder / "trust")
    tls = authority.issue("bmc", "127.0.0.1")
    (folder / "password").write_text(PASSWORD)
    devices = {}
    for server in site.servers:
        bmc = build(site, server.name, login=Login(USER, PASSWORD), tls=tls, host_key=None, state_file=folder / "state" / server.name)
        bmc.faults.latency_s = latency_s
        port = await bmc.start("127.0.0.1", 0)
        devices[server.name] = {
            "redfish": {"host": "127.0.0.1", "port": port, "ca": "trust/ca.pem", "user": USER, "password": "file:password"}
        }
    (folder / "endpoints.yaml").write_text(yaml.dump({"devices": devices}, Dumper=yaml.CSafeDumper))
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def plan(folder: Path, count: int) -> None:
    """Plan the layer as `infra-kit plan --layer bmc` does, and print what came of it."""
    from infra_kit.inventory.access import Access
    from infra_kit.layers import layers
    from infra_kit.plan.connections import Connections
    from infra_kit.plan.planning import make_plan
    from infra_kit.plan.resource import ReadContext

    site = many_servers(count)
    connections = Connections(Access(site, folder / "endpoints.yaml"), read_only=True)
    made = make_plan(layers(["bmc"]), ReadContext(site, connections))
    connections.close()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {"resources": len(made.entries), "unknown": made.summary["unknown"], "update": made.summary["update"], "peak_mb": peak_mb}
        )
    )


def playbook(folder: Path, count: int) -> list[str]:
    """The command line of the peer, its files written."""
    from infra_kit.layers.bmc.profiles import wanted_attributes

    site = many_servers(count)
    devices = yaml.load((folder / "endpoints.yaml").read_bytes(), Loader=yaml.CSafeLoader)["devices"]
    hosts = {name: {"bmc_port": entry["redfish"]["port"]} for name, entry in devices.items()}
    common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": common}}))
    module = {
        "idrac_ip": "127.0.0.1",
        "idrac_port": "{{ bmc_port }}",
        "idrac_user": USER,
        "idrac_password": PASSWORD,
        "ca_path": str(folder / "trust" / "ca.pem"),
        "attributes": wanted_attributes(site, site.servers[0]),
    }
    tasks = [{"dellemc.openmanage.idrac_bios": module}]
    (folder / "site.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return [str(Path(sys.executable).with_name("ansible-playbook")), "--check", "-i", str(folder / "hosts.yml"), str(folder / "site.yml")]


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Wall-clock seconds and output of a process that must succeed."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    took = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return took, done.stdout


def measure(options: argparse.Namespace) -> bool:
    """Run both and print the ratio; says whether the claim holds."""
    me = [sys.executable, str(Path(__file__).resolve()), "--bmcs", str(options.bmcs), "--latency", str(options.latency)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**os.environ, "ANSIBLE_FORKS": str(options.forks), "ANSIBLE_HOME": str(folder / "ansible"), "ANSIBLE_NOCOLOR": "1"}
        bmcs = subprocess.Popen([*me, "--serve", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if bmcs.stdout is None or bmcs.stdout.readline() != "ready\n":
                sys.exit("the emulated BMCs did not start")
            ours, output = timed([*me, "--plan", name], environment)
            seen = json.loads(output)
            theirs, output = timed(playbook(folder, options.bmcs), environment)
        finally:
            bmcs.communicate("")
    changed = output.count("changed=1 ")
    print(f"{options.bmcs} BMCs, {options.latency * 1000:.0f} ms latency, forks {options.forks}, {os.cpu_count()} cores")
    what = f"{seen['resources']} resources, {seen['update']} to update, {seen['unknown']} unknown, peak {seen['peak_mb']:.0f} MB"
    print(f"  infra-kit        {ours:7.1f} s   {what}")
    print(f"  ansible-playbook {theirs:7.1f} s   {changed} hosts to change")
    print(f"  ratio            {theirs / ours:7.1f}")
    if seen["unknown"] or changed != options.bmcs:
        sys.exit("the two have not seen the same")
    return theirs / ours >= RATIO and seen["peak_mb"] < PEAK_MB


def main() -> int:
    """Parse, then be one of the three processes; 1 where the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--bmcs", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.02, help="added to every answer, s")
    parser.add_argument("--forks", type=int, default=20)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--plan", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve, options.bmcs, options.latency))
    elif options.plan:
        plan(options.plan, options.bmcs)
    else:
        return int(not measure(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())

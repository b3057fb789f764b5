"""A plan of 100 hosts with nothing changed takes under 30 s; from 25 hosts to 100 its cost grows at most linearly.

    .venv/bin/python benchmarks/hosts_plan.py [--hosts 25 50 100]

All shipped roles that Kubernetes masters and workers get. The hosts are light stand-ins: SSH servers of one process, each with a key of
its own that is pinned, which answer the cheap look as a host does on which all roles are noted as applied and nothing has moved. What a
look costs on a host itself, some tenths of a second of its own time, is not in it. Whole processes are measured, from start to exit.
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
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncssh

    from infra_kit.inventory.models.site import Site

REPOSITORY = Path(__file__).resolve().parents[1]
LIMIT_S, GROWTH = 30.0, 1.1
"""Growth: of the costs a host, between the fewest and the most hosts; a tenth is what two runs of the same differ by."""
USER, PASSWORD = "ansible", "benchmark-only"
FINGERPRINT = "sha256:benchmark"


def many_hosts(count: int) -> Site:
    """The masters of the first reference site and copies of one of its workers, `count` in all, all of them Kubernetes nodes."""
    from infra_kit.inventory.load import load_site

    site = load_site(REPOSITORY / "inventory" / "configuration-1")
    worker = next(server for server in site.servers if server.role == "worker")
    masters = [site.server_by_name[name] for name in site.kubernetes.control_plane] if site.kubernetes else []
    names = [f"worker{number:04d}" for number in range(count - len(masters))]
    own = next(bond for bond in worker.bonds if bond.addresses)
    servers = list(masters)
    for number, name in enumerate(names):
        address = own.addresses[0].model_copy(update={"address": IPv4Address("10.21.64.1") + number})
        servers.append(worker.model_copy(update={"name": name, "bonds": [own.model_copy(update={"addresses": [address]})]}))
    kubernetes = site.kubernetes.model_copy(update={"workers": names}) if site.kubernetes else None
    many = site.model_copy(update={"servers": servers, "kubernetes": kubernetes})
    many.__dict__.pop("server_by_name", None)  # the look-up that the loading of the reference site has cached
    many._folder, many._digest, many._catalog = site.folder, site.digest, site.catalog  # noqa: SLF001  a copy has none
    return many


def notes(site: Site) -> dict[str, dict[str, dict[str, str]]]:
    """Host -> role -> what is noted of it where it was applied as it is wanted today."""
    from infra_kit.layers.hosts.layer import HostsLayer
    from infra_kit.layers.hosts.wanted import Wants

    wants, found = Wants(site), {server.name: {} for server in site.servers}  # type: ignore[var-annotated]
    for each in HostsLayer().resources(site):
        wanted = wants.of(each.role, each.host, None)
        found[each.host][each.role.name] = {**wanted.note("benchmark", "2026-01-01 00:00"), "fingerprint": FINGERPRINT}
    return found


async def answer(applied: dict[str, dict[str, str]], process: asyncssh.SSHServerProcess[bytes]) -> None:
    """The look: `remote/client.py` says what is sent, `remote/program.py` what is said."""
    process.stdout.write(b"infra-kit-ready\n")
    await process.stdin.readexactly(int(await process.stdin.readline()))
    given = json.loads(await process.stdin.read())
    roles = {role: {"fingerprint": FINGERPRINT, "failed": []} for role in given["probes"]}
    process.stdout.write(json.dumps({"applied": applied, "roles": roles}).encode() + b"\n")
    process.exit(0)


async def serve(folder: Path, count: int) -> None:
    """Be the hosts until standard input ends."""
    import asyncssh

    class Server(asyncssh.SSHServer):
        """Lets one user in."""

        def password_auth_supported(self) -> bool:
            """It does."""
            return True

        def validate_password(self, username: str, password: str) -> bool:
            """The one that there is."""
            return (username, password) == (USER, PASSWORD)

    (folder / "password").write_text(PASSWORD)
    known, lines = [], ["devices:"]
    for name, applied in notes(many_hosts(count)).items():
        key = asyncssh.generate_private_key("ssh-ed25519")
        server = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Server, server_host_keys=[key], process_factory=partial(answer, applied), encoding=None
        )
        port = server.get_port()
        known.append(f"[127.0.0.1]:{port} {key.export_public_key().decode().strip()}\n")
        lines.append(
            f"  {name}: {{ssh: {{host: 127.0.0.1, port: {port}, known_hosts: known_hosts, user: {USER}, password: 'file:password'}}}}"
        )
    (folder / "known_hosts").write_text("".join(known))
    (folder / "endpoints.yaml").write_text("\n".join([*lines, ""]))
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def plan(folder: Path, count: int) -> None:
    """Plan the layer as `infra-kit plan --layer hosts` does, and print what came of it."""
    from infra_kit.inventory.access import Access
    from infra_kit.layers import layers
    from infra_kit.plan.connections import Connections
    from infra_kit.plan.planning import make_plan
    from infra_kit.plan.resource import ReadContext

    site = many_hosts(count)
    with Connections(Access(site, folder / "endpoints.yaml"), read_only=True) as connections:
        made = make_plan(layers(["hosts"]), ReadContext(site, connections))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"resources": len(made.entries), "summary": made.summary, "peak_mb": peak_mb}))


def measure(count: int) -> tuple[float, float, str]:
    """Wall-clock and processor seconds of a plan of that many hosts, and what it saw."""
    me = [sys.executable, str(Path(__file__).resolve())]
    with tempfile.TemporaryDirectory() as name:
        hosts = subprocess.Popen([*me, "--serve", name, "--hosts", str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if hosts.stdout is None or hosts.stdout.readline() != "ready\n":
                sys.exit("the hosts did not start")
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            done = subprocess.run([*me, "--plan", name, "--hosts", str(count)], capture_output=True, text=True, check=False)
            took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        finally:
            hosts.communicate("")
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    seen = json.loads(done.stdout)
    if seen["summary"]["none"] != seen["resources"]:
        sys.exit(f"not everything was found unchanged: {seen['summary']}")
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, busy, f"{seen['resources']} resources, peak {seen['peak_mb']:.0f} MB"


def main() -> int:
    """Parse, then be one of the three processes; 1 where the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--hosts", type=int, nargs="+", default=[25, 50, 100])
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--plan", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve, options.hosts[0]))
        return 0
    if options.plan:
        plan(options.plan, options.hosts[0])
        return 0
    print(f"{os.cpu_count()} cores; seconds until the plan is there, and of processor time in it")
    found = {}
    for count in options.hosts:
        found[count] = measure(count)
        took, busy, saw = found[count]
        print(f"  {count:4d} hosts {took:6.1f} s {busy:6.1f} s   {saw}")
    few, most = min(found), max(found)
    growth = (found[most][1] / most) / (found[few][1] / few)
    print(f"  {most} hosts: {found[most][0]:.1f} s (limit {LIMIT_S:.0f})")
    print(f"  cost a host, {most} to {few} hosts: {growth:.2f} (limit {GROWTH})")
    return int(found[most][0] >= LIMIT_S or growth > GROWTH)


if __name__ == "__main__":
    sys.exit(main())

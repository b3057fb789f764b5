"""Roles on 12 hosts, nothing to change: infra-kit's second run is at least 3 times faster than that of `ansible-playbook` as it comes.

    .venv/bin/python benchmarks/hosts_roles.py [--hosts 12]

The hosts are those of the first reference site's lab, real systemd hosts in containers, and the roles are those that prepare them: the
same roles, hosts and variables for both. They are applied once; then whole processes are measured, from start to exit: infra-kit's
`apply` with nothing to do, which a look at each host tells; `ansible-playbook` as it comes, with five forks, implicit gathering of facts
and no pipelining; and, beside the claim, infra-kit's `plan --full`, in which Ansible checks everything, as infra-kit runs it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
RATIO = 3.0
ROLES = ("baseline", "time", "identity", "trust", "java", "node_exporter", "cloudera_host", "container_runtime", "kubernetes_node", "cni")


def infra(*arguments: object) -> tuple[float, str]:
    """Run the command line: seconds, and what it prints."""
    command = [sys.executable, "-c", "import sys; from infra_kit.cli.app import run; sys.exit(run(sys.argv[1:]))", *map(str, arguments)]
    return timed(command, dict(os.environ))


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Wall-clock seconds and output of a process that must succeed."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return took, done.stdout


def playbook(site: Path, targets: list[str], folder: Path) -> tuple[list[str], dict[str, str]]:
    """The peer's command line and environment, its files written into a folder of this user alone."""
    from infra_kit.inventory.access import open_access
    from infra_kit.inventory.load import load_site
    from infra_kit.layers.hosts.knowledge import Knowledge
    from infra_kit.layers.hosts.layer import HostsLayer
    from infra_kit.layers.hosts.ordering import ordered
    from infra_kit.layers.hosts.rendering import playbook as plays
    from infra_kit.plan.connections import Connections
    from infra_kit.plan.resource import ReadContext

    loaded, layer = load_site(site), HostsLayer()
    meant = [each for each in layer.resources(loaded) if each.id in targets]
    with Connections(open_access(loaded), read_only=True) as connections:
        order = ordered(Knowledge(loaded, layer.roles), meant, ReadContext(loaded, connections), check=False).order
    (folder / "inventory.yaml").write_text(order.inventory)
    (folder / "host_vars").mkdir()
    for host, password in order.passwords.items():
        (folder / "host_vars" / f"{host}.yml").write_text(
            yaml.safe_dump({"ansible_password": password, "ansible_become_password": password})
        )
    (folder / "group_vars").mkdir()
    (folder / "group_vars" / "all.yml").write_text(yaml.safe_dump({"infra_kit_secrets": order.secrets}))
    (play,) = yaml.safe_load(plays([role for role in layer.roles.roles if role.name in ROLES], (), check=False, hosts="run"))
    del play["gather_facts"], play["gather_subset"]
    (folder / "site.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    playbooks = Path(order.playbooks)
    kinds = {"roles_path": "roles", "library": "library", "action_plugins": "action_plugins"}
    own = "".join(f"{option} = {playbooks / name}\n" for option, name in kinds.items())
    (folder / "ansible.cfg").write_text(f"[defaults]\n{own}")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPYCACHEPREFIX") if name in os.environ}
    environment = {**kept, "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_NOCOLOR": "1"}
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    return [program, "-i", str(folder / "inventory.yaml"), str(folder / "site.yml")], environment


def measure(site: Path, count: int) -> bool:
    """Apply, run all three and print; says whether the claim holds."""
    from infra_kit.inventory.load import load_site
    from infra_kit.layers.hosts.layer import HostsLayer

    loaded = load_site(site)
    hosts = [server.name for server in loaded.servers][:count]
    targets = [each.id for each in HostsLayer().resources(loaded) if each.role.name in ROLES and each.host in hosts]
    meant = [word for each in targets for word in ("--target", each)]
    first, said = infra("apply", site, "--yes", *meant)
    print(f"{len(hosts)} hosts, {len(ROLES)} roles, {len(targets)} roles on hosts, {os.cpu_count()} cores")
    print(f"  infra-kit, the first time  {first:7.1f} s   {said.splitlines()[-1]}", flush=True)
    looked, said = infra("apply", site, "--yes", *meant)
    print(f"  infra-kit, nothing to do   {looked:7.1f} s   {said.splitlines()[-1]}", flush=True)
    checked, said = infra("plan", site, "--full", *meant)
    summary = said.splitlines()[-1]
    print(f"  infra-kit, plan --full     {checked:7.1f} s   {summary}", flush=True)
    if f"{len(targets)} unchanged, 0 unknown" not in summary:
        sys.exit("infra-kit did not find everything in place")
    with tempfile.TemporaryDirectory() as folder:
        theirs, said = timed(*playbook(site, targets, Path(folder)))
    changed = sum(map(int, re.findall(r"changed=(\d+)", said)))
    print(f"  ansible-playbook           {theirs:7.1f} s   {said.count('unreachable=0')} hosts, {changed} tasks changed something")
    print(
        f"  ratio                      {theirs / looked:7.1f}     (limit {RATIO:.0f}); where everything is checked {theirs / checked:.1f}"
    )
    if said.count("unreachable=0") != len(hosts) or changed:
        sys.exit("the two have not seen the same")
    return theirs / looked >= RATIO


def main() -> int:
    """Have a lab, and measure; 1 where the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=12)
    parser.add_argument("--site", type=Path, help="one whose lab runs with hosts; default: a lab of its own")
    options = parser.parse_args()
    if options.site:
        return int(not measure(options.site, options.hosts))
    with tempfile.TemporaryDirectory(prefix="infra-kit-bench-") as folder:
        site = Path(folder) / "configuration-1"
        shutil.copytree(REPOSITORY / "inventory" / "configuration-1", site, ignore=shutil.ignore_patterns(".infra-kit"))
        infra("lab", "up", site, "--without", "bmcs,switches,array,kubernetes")
        try:
            return int(not measure(site, options.hosts))
        finally:
            infra("lab", "down", site)


if __name__ == "__main__":
    sys.exit(main())

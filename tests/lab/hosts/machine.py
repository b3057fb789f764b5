"""What lab hosts must leave as it was on the machine that runs them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra_kit.lab.hosts import clearing

# What moves by itself, or with whatever else runs here.
_MOVING = re.compile(
    r"^(fs\.(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota\.)|kernel\.(ns_last_pid|pty\.nr|random\.|perf_cpu|sched_domain)|"
    r"net\.netfilter\.nf_conntrack_count|dev\.|debug\.|sunrpc|vm\.stat|.*\.(stable_secret|neigh\..*)$)"
)


@dataclass(frozen=True)
class Machine:
    """Settings of the machine's own network namespace and kernel."""

    sysctls: tuple[str, ...]
    links: str
    routes: str
    firewall: str

    @classmethod
    def now(cls) -> Machine:
        lines = _words("sysctl", "-a").splitlines()
        return cls(
            tuple(sorted(line for line in lines if not _MOVING.match(line))),
            "\n".join(sorted(re.sub(r"^\d+: ", "", line).split(" mtu")[0] for line in _words("ip", "-o", "link").splitlines())),
            _words("ip", "route", "show", "table", "all"),
            _words("nft", "list", "ruleset") + re.sub(r"(?m)^#.*|\[\d+:\d+\]", "", _words("iptables-save")),
        )


def left(folder: Path, *more: str) -> list[str]:
    """What there is on this machine of hosts that are kept in a folder: folders, control groups, mounts, processes.

    Args:
        folder: of the hosts.
        more: other words that only theirs have.
    """
    words = (clearing.name_of(folder), str(folder), *more)
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    found = clearing.left(clearing.name_of(folder)) + [line for line in mounts if any(word in line for word in words)]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (
                (process / "cmdline").read_text().replace("\0", " ")
                + (process / "cgroup").read_text()
                + str((process / "ns/net").readlink())
            )
        except OSError:
            continue
        found += [f"{process.name}: {told[:200]}"] if any(word in told for word in words) else []
    return found


def _words(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""  # a machine without nft has no rules of it

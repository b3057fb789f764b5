"""A cheap look at a host, and the note of what was applied there.

This file is sent to the host and run by its Python, 3.6 or later. It imports nothing of ours.

It is given JSON on what is left of standard input: `probes`, role -> probe (`infra_kit.layers.hosts.role.Probe`); `now`, what time it is
by the controller's clock; and, from a client that may write, `notes`, role -> what is to be noted of it, to which its fingerprint is added.
It prints one line of JSON: what is noted on the
host, each role's fingerprint, and the units that have failed. Without `notes` it only reads.
"""

import glob
import hashlib
import json
import os
import stat
import subprocess
import sys
import time
from typing import Any, Dict, List, Tuple, Union

APPLIED = "/var/lib/infra-kit/applied.json"
COMMAND_S = 20


def digest_of(document: Any) -> str:
    """`sha256:` over canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def file_state(path: str) -> List[Any]:
    """What is at a path: kind, mode, owner and content."""
    try:
        found = os.lstat(path)
        state = [stat.S_IFMT(found.st_mode), stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid]
        if stat.S_ISLNK(found.st_mode):
            return state + [os.readlink(path)]
        if stat.S_ISREG(found.st_mode):
            total = hashlib.sha256()
            with open(path, "rb") as content:
                for block in iter(lambda: content.read(1 << 20), b""):
                    total.update(block)
            return state + [total.hexdigest()]
    except OSError as error:
        return [error.errno]
    return state


def files_state(patterns: List[str]) -> Dict[str, Any]:
    """Of every pattern, what it matches."""
    paths = {}
    for pattern in patterns:
        found = sorted(glob.glob(pattern)) if glob.has_magic(pattern) else [pattern]
        paths[pattern] = {path: file_state(path) for path in found}
    return paths


def run(arguments: List[str]) -> Tuple[str, int]:
    """Output and exit status; no output where it takes too long."""
    environment = dict(os.environ, LC_ALL="C", PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    try:
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=COMMAND_S, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__, -1
    return done.stdout.decode("utf-8", "replace"), done.returncode


def units_state(units: List[str]) -> Dict[str, Any]:
    """Unit -> whether it is there, enabled and running."""
    if not units:
        return {}
    text, _ = run(["systemctl", "show", "--property=Id,LoadState,UnitFileState,ActiveState"] + units)
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in text.strip().split("\n\n")]
    return dict(zip(units, blocks))


def sysctl(key: str) -> Union[List[str], int, None]:
    """A kernel setting."""
    try:
        with open("/proc/sys/" + key.replace(".", "/")) as setting:
            return setting.read().split()
    except OSError as error:
        return error.errno


def noted() -> Dict[str, Any]:
    """Role -> what is noted of it."""
    try:
        with open(APPLIED) as file:
            document = json.load(file)
    except (OSError, ValueError):
        return {}
    found = document.get("roles", {}) if isinstance(document, dict) else {}
    return found if isinstance(found, dict) else {}


def note(entries: Dict[str, Any]) -> None:
    """Put entries beside those that are there; the file is replaced as a whole."""
    roles = noted()
    roles.update(entries)
    os.makedirs(os.path.dirname(APPLIED), mode=0o755, exist_ok=True)
    fresh = APPLIED + ".new"
    try:
        with open(fresh, "w") as file:
            json.dump({"format": "infra-kit-applied/1", "roles": roles}, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, APPLIED)
    except OSError:
        if os.path.exists(fresh):
            os.unlink(fresh)
        raise


def look(probes: Dict[str, Any], clock_off: float = 0.0) -> Dict[str, Any]:
    """Role -> its fingerprint, and its units that have failed."""
    units = units_state(sorted({unit for probe in probes.values() for unit in probe["units"]}))
    roles = {}
    for name, probe in probes.items():
        own = {unit: units.get(unit, {}) for unit in probe["units"]}
        state: List[Any] = [
            files_state(probe["files"]),
            own,
            {key: sysctl(key) for key in probe["sysctls"]},
            {key: run(["/bin/sh", "-c", command]) for key, command in probe["commands"].items()},
        ]
        if clock_off > (probe.get("clock") or clock_off):
            state.append("the clock is off")
        failed = sorted(unit for unit, found in own.items() if found.get("ActiveState") == "failed")
        roles[name] = {"fingerprint": digest_of(state), "failed": failed}
    return roles


def fingerprint_of(roles: Dict[str, Any], role: str) -> Dict[str, str]:
    """What is noted of a look; nothing of a role that was not looked at."""
    return {"fingerprint": roles[role]["fingerprint"]} if role in roles else {}


def answer(given: Dict[str, Any]) -> Dict[str, Any]:
    """What is printed."""
    clock_off = abs(time.time() - given.get("now", time.time()))
    applied = noted()
    roles = look(given["probes"], clock_off)
    if "notes" in given:
        try:
            note({role: dict(entry, **fingerprint_of(roles, role)) for role, entry in given["notes"].items()})
        except OSError as error:
            return {"error": "%s: %s" % (error.filename or APPLIED, error.strerror)}
    return {"applied": applied, "roles": roles}


if __name__ == "__main__":
    print(json.dumps(answer(json.loads(sys.stdin.buffer.read().decode("utf-8")))))

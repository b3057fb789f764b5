"""What a host's programs are told of its processors and memory: files that are bound over the kernel's own."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_kit.lab.hosts.specification import Capacity

_FREE_PERCENT = 97
_REAL = sorted(os.sched_getaffinity(0))
_HEX_DIGITS = 8  # of a word of the kernel's masks


def show(capacity: Capacity, folder: Path) -> Path:
    """Make the files of a capacity: `meminfo`, `cpuinfo`, and the trees `cpu` and `node` of /sys/devices/system.

    Hosts that are alike share them.

    Args:
        capacity: what shall be seen.
        folder: the folder of all capacities.

    Returns:
        The folder with the four.
    """
    place = folder / hashlib.sha256(repr(capacity).encode()).hexdigest()[:12]
    if not place.exists():
        for name, content in _files(capacity):
            write_readable(place / name, content + "\n")
        for socket in range(capacity.sockets):
            for cpu in _of_socket(capacity, socket):
                (place / f"cpu/cpu{cpu}/node{socket}").symlink_to(f"../../node/node{socket}")
    return place


def write_readable(file: Path, content: str, mode: int = 0o644) -> None:
    """Write a file that everybody in a host can read, whatever the lab's own umask."""
    for folder in reversed([parent for parent in file.parents if not parent.exists()]):
        folder.mkdir()
        folder.chmod(0o755)
    file.write_text(content, encoding="ascii")
    file.chmod(mode)


def _files(capacity: Capacity) -> Iterator[tuple[str, str]]:
    number = capacity.sockets * capacity.cores * capacity.threads
    everyone = f"0-{number - 1}" if number > 1 else "0"
    nodes = f"0-{capacity.sockets - 1}" if capacity.sockets > 1 else "0"
    yield "meminfo", _meminfo(capacity.memory_kib)
    yield "cpuinfo", _cpuinfo(capacity, number)
    for name in ("online", "possible", "present"):
        yield f"cpu/{name}", everyone
    yield from (("cpu/offline", ""), ("cpu/isolated", ""), ("cpu/kernel_max", "8191"))
    yield from (("cpu/smt/active", str(int(capacity.threads > 1))), ("cpu/smt/control", "on" if capacity.threads > 1 else "off"))
    for cpu in range(number):
        yield from _topology(capacity, cpu, number)
    for name in ("online", "possible", "has_cpu", "has_memory", "has_normal_memory"):
        yield f"node/{name}", nodes
    for socket in range(capacity.sockets):
        yield from _node(capacity, socket, number)


def _topology(capacity: Capacity, cpu: int, number: int) -> Iterator[tuple[str, str]]:
    """Threads are numbered as Linux does on servers: the first of each core, then the second of each."""
    socket, core = _socket(capacity, cpu), cpu % (capacity.sockets * capacity.cores) % capacity.cores
    siblings = [each for each in _of_socket(capacity, socket) if each % capacity.cores == core]
    package = list(_of_socket(capacity, socket))
    at = f"cpu/cpu{cpu}"
    if cpu:
        yield f"{at}/online", "1"  # the first processor cannot be taken offline and has none
    yield from (
        (f"{at}/topology/{name}", str(value)) for name, value in (("physical_package_id", socket), ("die_id", 0), ("core_id", core))
    )
    for name, members in (("thread_siblings", siblings), ("core_siblings", package)):
        yield f"{at}/topology/{name}", _mask(members, number)
        yield f"{at}/topology/{name}_list", _list(members)


def _node(capacity: Capacity, socket: int, number: int) -> Iterator[tuple[str, str]]:
    total = capacity.memory_kib // capacity.sockets
    free = total * _FREE_PERCENT // 100
    members = list(_of_socket(capacity, socket))
    at = f"node/node{socket}"
    yield f"{at}/cpulist", _list(members)
    yield f"{at}/cpumap", _mask(members, number)
    yield f"{at}/distance", " ".join("10" if other == socket else "32" for other in range(capacity.sockets))
    for cpu in members:
        yield from _counted(f"{at}/cpu{_REAL[cpu % len(_REAL)]}-{cpu}", socket, cpu)
    rows = (("MemTotal", total), ("MemFree", free), ("MemUsed", total - free))
    yield f"{at}/meminfo", "\n".join(f"Node {socket} {name + ':':14} {value:>9} kB" for name, value in rows)
    for size in ("2048kB", "1048576kB"):
        for name in ("nr_hugepages", "free_hugepages", "surplus_hugepages"):
            yield f"{at}/hugepages/hugepages-{size}/{name}", "0"


def _counted(at: str, socket: int, cpu: int) -> Iterator[tuple[str, str]]:
    """One of the processors that a kubelet counts, by cAdvisor's reading of this tree (utils/sysinfo, GetNodesInfo).

    It takes the digits after `cpu` for the number, and writes all numbers into the cpuset of its pods, which the kernel refuses
    for processors that are not there. So each has the number of a real one.
    """
    yield f"{at}/topology/core_id", str(cpu)
    yield f"{at}/topology/physical_package_id", str(socket)


def _meminfo(total: int) -> str:
    """The machine's own file with another total; nothing of it is in swap, and hardly any in use."""
    free = total * _FREE_PERCENT // 100
    said = {"MemTotal": total, "MemFree": free, "MemAvailable": free, "SwapTotal": 0, "SwapFree": 0, "SwapCached": 0}
    said |= {"HugePages_Total": 0, "HugePages_Free": 0, "CommitLimit": total // 2}
    lines = []
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name = line.partition(":")[0]
        unit = " kB" if line.endswith(" kB") else ""
        lines.append(f"{name + ':':16}{said[name]:>8}{unit}" if name in said else line)
    return "\n".join(lines)


def _cpuinfo(capacity: Capacity, number: int) -> str:
    """As many processors like the machine's first: its flags are what programs may really use."""
    first = Path("/proc/cpuinfo").read_text(encoding="ascii").split("\n\n")[0]
    blocks = []
    for cpu in range(number):
        said = {
            "processor": cpu,
            "model name": capacity.processor,
            "physical id": _socket(capacity, cpu),
            "siblings": capacity.cores * capacity.threads,
            "core id": cpu % (capacity.sockets * capacity.cores) % capacity.cores,
            "cpu cores": capacity.cores,
            "apicid": cpu,
            "initial apicid": cpu,
        }
        blocks.append(re.sub(r"(?m)^([a-z ]+?)(\t*): .*$", lambda found: _row(found, said), first))  # noqa: B023  used at once
    return "\n\n".join(blocks) + "\n"


def _row(found: re.Match[str], said: dict[str, object]) -> str:
    return f"{found[1]}{found[2]}: {said[found[1]]}" if found[1] in said else found[0]


def _socket(capacity: Capacity, cpu: int) -> int:
    return cpu % (capacity.sockets * capacity.cores) // capacity.cores


def _of_socket(capacity: Capacity, socket: int) -> Iterator[int]:
    for thread in range(capacity.threads):
        first = (thread * capacity.sockets + socket) * capacity.cores
        yield from range(first, first + capacity.cores)


def _mask(members: Iterable[int], number: int) -> str:
    """As the kernel writes it: words of 32 bits in hexadecimal, the highest first."""
    words = -(-number // 32)
    digits = f"{sum(1 << each for each in members):0{words * _HEX_DIGITS}x}"
    return ",".join(digits[place : place + _HEX_DIGITS] for place in range(0, len(digits), _HEX_DIGITS))


def _list(members: Iterable[int]) -> str:
    return ",".join(str(each) for each in members)

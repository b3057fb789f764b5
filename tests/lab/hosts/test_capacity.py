"""The processors and the memory that a host's programs are shown."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

import pytest

from infra_kit.lab.hosts.capacity import show
from infra_kit.lab.hosts.specification import Capacity

if TYPE_CHECKING:
    from pathlib import Path

TWO_SOCKETS = Capacity(sockets=2, cores=4, threads=2, memory_kib=64 * 2**20, processor="AMD EPYC 7543 32-Core Processor")


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    return show(TWO_SOCKETS, tmp_path)


def _text(folder: Path, name: str) -> str:
    return (folder / name).read_text().strip()


def test_every_thread_is_a_processor(shown: Path) -> None:
    assert _text(shown, "cpu/online") == "0-15"
    assert len([each for each in (shown / "cpu").iterdir() if each.name[3:].isdigit()]) == 16
    assert _text(shown, "cpuinfo").count("model name") == 16
    assert _text(shown, "cpuinfo").count("AMD EPYC 7543 32-Core Processor") == 16


def test_threads_are_numbered_core_by_core_then_again(shown: Path) -> None:
    assert _text(shown, "cpu/cpu5/topology/physical_package_id") == "1"
    assert _text(shown, "cpu/cpu5/topology/core_id") == "1"
    assert _text(shown, "cpu/cpu5/topology/thread_siblings_list") == "5,13"
    assert _text(shown, "cpu/cpu5/topology/thread_siblings") == "00002020"
    assert _text(shown, "cpu/cpu13/topology/physical_package_id") == "1"


def test_each_socket_is_a_node_with_its_part_of_the_memory(shown: Path) -> None:
    assert _text(shown, "node/node1/cpulist") == "4,5,6,7,12,13,14,15"
    assert _text(shown, "node/node1/meminfo").splitlines()[0].split() == ["Node", "1", "MemTotal:", str(32 * 2**20), "kB"]
    assert _text(shown, "node/node0/distance") == "10 32"


def test_a_kubelet_counts_every_processor_and_may_use_each_number_in_a_cpuset(shown: Path) -> None:
    """As cAdvisor reads the tree: the glob `cpu*[0-9]`, and the digits after `cpu` as the number."""
    counted = [each.name for node in ("node0", "node1") for each in (shown / "node" / node).glob("cpu*[0-9]")]
    assert len(counted) == 16
    assert {int(re.match(r"cpu(\d+)", name)[1]) for name in counted} <= os.sched_getaffinity(0)
    cores = [_text(shown, f"node/node1/{name}/topology/core_id") for name in counted if (shown / "node/node1" / name).exists()]
    assert len(set(cores)) == len(cores) == 8


def test_memory_is_what_was_said_and_none_of_it_is_swapped(shown: Path) -> None:
    rows = dict(line.split(":") for line in _text(shown, "meminfo").splitlines())
    assert rows["MemTotal"].split() == [str(64 * 2**20), "kB"]
    assert int(rows["MemFree"].split()[0]) == int(rows["MemAvailable"].split()[0]) < 64 * 2**20
    assert rows["SwapTotal"].split() == ["0", "kB"]


def test_hosts_that_are_alike_share_the_files_and_everybody_reads_them(shown: Path, tmp_path: Path) -> None:
    assert show(TWO_SOCKETS, tmp_path) == shown
    other = show(Capacity(1, 1, 1, 2**20, "one"), tmp_path)
    assert other != shown
    assert _text(other, "cpu/online") == "0"
    for place in [shown, *shown.rglob("*")]:
        assert stat.S_IMODE(place.stat().st_mode) & 0o444 == 0o444

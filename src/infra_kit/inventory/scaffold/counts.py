"""How many of everything a new site gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infra_kit.inventory.errors import UsageError

MAX_WORKERS = 1000
"""Workers and GPU workers together; masters, utility and edge nodes stand beside."""
MIN_WORKERS = 3
"""The reference architecture's smallest cluster; also HDFS's replication."""
SERVERS_PER_PAIR = 44
"""A leaf's 48 SFP28 ports less one port-group of four: for the core, an array chassis, or kept free."""
UPLINKS_PER_LEAF = 4
"""The QSFP28 ports 1/1/53 to 1/1/56."""
LINKS_PER_SPINE = 128
"""32 ports of a Z9432F-ON, each broken out to 4 x 100G."""
ARRAY_PORTS_PER_LEAF = 4
"""One chassis has four nodes with one 25G port to each leaf of its pair."""
COMPUTE_NODES_PER_CHASSIS = 100
"""Eight 25G ports a chassis are 200 Gb/s; a compute node needs at least 2 Gb/s to its storage (Cloudera Manager, networking
considerations for virtual private clusters)."""
_MIN_PAIRS = 2
_SPINE_COUNTS = (2, 4)
"""Divisors of the leaf's four uplinks, so that every leaf has the same number of links to every spine."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The servers of each role, and what follows from them.

    Raises:
        UsageError: the counts make no site of the reference architecture.
    """

    configuration: Literal[1, 2]
    workers: int
    gpu_workers: int
    masters: int = 3
    utility: int = 1
    edge: int = 1

    def __post_init__(self) -> None:
        """Refuse what the reference architecture does not cover."""
        if self.workers < MIN_WORKERS:
            raise UsageError(f"{self.workers} workers are too few", remedy=f"the reference architecture starts at {MIN_WORKERS}")
        if self.gpu_workers < 0:
            raise UsageError(f"{self.gpu_workers} GPU workers make no sense", remedy="give 0 or more")
        if self.workers + self.gpu_workers > MAX_WORKERS:
            raise UsageError(
                f"{self.workers} workers and {self.gpu_workers} GPU workers are too many",
                remedy=f"a site holds at most {MAX_WORKERS:,} together; describe several sites",
            )

    @property
    def servers(self) -> int:
        """All servers."""
        return self.masters + self.utility + self.edge + self.workers + self.gpu_workers

    @property
    def chassis(self) -> int:
        """PowerScale chassis: in configuration 1 as many as the compute nodes' bandwidth asks for, one on each of the first pairs."""
        return -(-(self.workers + self.gpu_workers) // COMPUTE_NODES_PER_CHASSIS) if self.configuration == 1 else 0

    def pair_capacity(self, pair: int) -> int:
        """Server ports of the n-th leaf pair (from 0).

        A pair's last four ports carry its array chassis, or on the first pair the core, which moves the chassis there to four more.
        """
        return SERVERS_PER_PAIR - (ARRAY_PORTS_PER_LEAF if pair == 0 and self.chassis else 0)

    @property
    def pairs(self) -> int:
        """Leaf pairs."""
        beyond_first = self.servers - self.pair_capacity(0)
        return max(_MIN_PAIRS, 1 + -(-beyond_first // SERVERS_PER_PAIR))

    @property
    def spines(self) -> int:
        """Spines: as few as have a port for each of their links."""
        return spines_for(self.pairs)


def spines_for(pairs: int) -> int:
    """Spines for that many leaf pairs: every leaf spreads its four uplinks evenly over them.

    Raises:
        UsageError: the leaf has too few uplinks for the spines that would be needed.
    """
    for spines in _SPINE_COUNTS:
        if 2 * pairs * (UPLINKS_PER_LEAF // spines) <= LINKS_PER_SPINE:
            return spines
    raise UsageError(f"{pairs} leaf pairs are more than four Z9432F-ON connect", remedy="describe several sites")

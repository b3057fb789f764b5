"""The address plan of a new site: four /16 of RFC 1918 space, one use each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

_SMALL_SITE = 120
"""Servers that a /24 out-of-band network has room for, beside switches and the array."""


@dataclass(frozen=True)
class AddressPlan:
    """Which address everything has.

    `10.B.0.0` is out-of-band, `10.B+1.P.0/24` the data network of leaf pair P, `10.B+2.0.0` the fabric's own
    (point-to-point links, VLT peering, router ids, uplink), `10.B+3.P-1.0/24` the storage front end of pair P.

    Args:
        base: B.
        servers: how many servers there will be.
    """

    base: int
    servers: int

    def _network(self, offset: int, rest: str) -> IPv4Network:
        return IPv4Network(f"10.{self.base + offset}.{rest}")

    @cached_property
    def out_of_band(self) -> IPv4Network:
        """BMCs and the management ports of switches and array."""
        return self._network(0, "0.0/24" if self.servers <= _SMALL_SITE else "0.0/21")

    @cached_property
    def bmc_start(self) -> int:
        """Offset of the first BMC in the out-of-band network."""
        return 100 if self.out_of_band.prefixlen == 24 else 256  # noqa: PLR2004

    @property
    def array_management(self) -> IPv4Address:
        """The array's platform API."""
        return self.out_of_band[5]

    def switch_management(self, number: int) -> IPv4Address:
        """The management port of the n-th switch (from 0)."""
        return self.out_of_band[10 + number]

    def bmc(self, number: int) -> IPv4Address:
        """The BMC of the n-th server (from 0)."""
        return self.out_of_band[self.bmc_start + number]

    def cluster_data(self, pair: int) -> IPv4Network:
        """The data network of the n-th leaf pair (from 0)."""
        return self._network(1, f"{pair + 1}.0/24")

    def storage(self, pair: int) -> IPv4Network:
        """The array's front end on the n-th leaf pair (from 0)."""
        return self._network(3, f"{pair}.0/24")

    @property
    def uplink(self) -> IPv4Network:
        """Between the first leaf pair and the data-centre core."""
        return self._network(2, "255.0/28")

    def vlt_peering(self, pair: int) -> IPv4Network:
        """Between the two leaves of the n-th pair (from 0)."""
        return IPv4Network((int(self._network(2, "250.0/24").network_address) + 4 * pair, 30))

    def router_id(self, number: int) -> IPv4Address:
        """The BGP identity of the n-th switch (from 0)."""
        return self._network(2, "240.0/24")[1 + number]

    def link(self, number: int) -> tuple[IPv4Interface, IPv4Interface]:
        """The two ends of the n-th point-to-point link (from 0): leaf, spine."""
        first = int(self._network(2, "0.0/16").network_address) + 2 * number
        return IPv4Interface((first, 31)), IPv4Interface((first + 1, 31))

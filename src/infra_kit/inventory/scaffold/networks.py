"""The networks of a new site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.models.network import AddressRange, Network

if TYPE_CHECKING:
    from ipaddress import IPv4Network

    from infra_kit.inventory.scaffold.addresses import AddressPlan
    from infra_kit.inventory.scaffold.counts import Counts

HOST_MTU = 9000
HOST_START = 10
"""Offset of the host on port 1, less one, in a pair's data network; the gateway is .1, the leaves .2 and .3."""
VIRTUAL_START = 200
"""Offset of the first virtual address in the first pair's data network: the Kubernetes API."""
POOLS = {"hdfs": (20, 35), "nfs": (40, 55)}
"""First and last offset of the array's pools in the storage network: four addresses a node, so that a failed node's spread out."""
_CLUSTER_DATA_VLAN, _STORAGE_VLAN, _UPLINK_VLAN, _PEERING_VLAN = 100, 301, 901, 3900


def cluster_data(pair: int) -> str:
    """Name of the n-th pair's data network (from 0)."""
    return f"cluster-data-{pair + 1:02}"


def storage(pair: int) -> str:
    """Name of the n-th pair's storage network (from 0)."""
    return f"storage-{pair + 1:02}"


def vlt_peering(pair: int) -> str:
    """Name of the n-th pair's peering network (from 0)."""
    return f"vlt-peering-{pair + 1:02}"


def networks(counts: Counts, plan: AddressPlan) -> list[Network]:
    """Out-of-band, uplink, storage front end, and two for each leaf pair."""
    found = [_out_of_band(counts, plan), _uplink(plan)]
    found += [_storage(pair, plan) for pair in range(counts.chassis)]
    for pair in range(counts.pairs):
        found += [_cluster_data(pair, plan), _vlt_peering(pair, plan)]
    return found


def _out_of_band(counts: Counts, plan: AddressPlan) -> Network:
    subnet = plan.out_of_band
    ranges = [
        AddressRange(name="array", first=subnet[5], last=subnet[9]),
        AddressRange(name="switches", first=subnet[10], last=subnet[plan.bmc_start - 1]),
        AddressRange(name="bmcs", first=subnet[plan.bmc_start], last=subnet[-2]),
    ]
    return Network(
        name="out-of-band",
        purpose="out-of-band",
        subnet=subnet,
        gateway=subnet[1],
        mtu=1500,
        ranges=ranges if counts.chassis else ranges[1:],
    )


def _uplink(plan: AddressPlan) -> Network:
    subnet = plan.uplink
    return Network(
        name="uplink", purpose="uplink", vlan=_UPLINK_VLAN, subnet=subnet, gateway=subnet[4], mtu=HOST_MTU, leaf_pair="leaf01", ranges=[]
    )


def _storage(pair: int, plan: AddressPlan) -> Network:
    subnet = plan.storage(pair)
    return Network(
        name=storage(pair),
        purpose="storage-front-end",
        vlan=_STORAGE_VLAN + pair,
        subnet=subnet,
        gateway=subnet[1],
        mtu=HOST_MTU,
        leaf_pair=f"leaf{pair + 1:02}",
        ranges=[_range(name, subnet, first, last) for name, (first, last) in POOLS.items()],
    )


def _cluster_data(pair: int, plan: AddressPlan) -> Network:
    subnet = plan.cluster_data(pair)
    ranges = [_range("hosts", subnet, HOST_START + 1, VIRTUAL_START - 1)]
    if pair == 0:
        ranges.append(_range("virtual", subnet, VIRTUAL_START, VIRTUAL_START + 9))
    return Network(
        name=cluster_data(pair),
        purpose="cluster-data",
        vlan=_CLUSTER_DATA_VLAN + 1 + pair,
        subnet=subnet,
        gateway=subnet[1],
        mtu=HOST_MTU,
        leaf_pair=f"leaf{pair + 1:02}",
        ranges=ranges,
    )


def _vlt_peering(pair: int, plan: AddressPlan) -> Network:
    return Network(
        name=vlt_peering(pair),
        purpose="vlt-peering",
        vlan=_PEERING_VLAN + 1 + pair,
        subnet=plan.vlt_peering(pair),
        mtu=HOST_MTU,
        leaf_pair=f"leaf{pair + 1:02}",
    )


def _range(name: str, subnet: IPv4Network, first: int, last: int) -> AddressRange:
    return AddressRange(name=name, first=subnet[first], last=subnet[last])

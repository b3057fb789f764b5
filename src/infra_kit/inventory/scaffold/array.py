"""The PowerScale array of a new site of configuration 1."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from infra_kit.inventory.catalog.load import DATA
from infra_kit.inventory.models.storage import (
    AccessZone,
    ArrayManagement,
    ArrayNode,
    ArrayPort,
    ArraySubnet,
    Chassis,
    Groupnet,
    Hdfs,
    NfsExport,
    Pool,
    ProxyUser,
    Quota,
    SnapshotSchedule,
    Storage,
    ZoneGroup,
    ZoneUser,
)
from infra_kit.inventory.scaffold import networks
from infra_kit.inventory.scaffold.networks import POOLS
from infra_kit.inventory.scaffold.placeholders import service_tag
from infra_kit.inventory.scaffold.racking import ARRAY, Racking
from infra_kit.inventory.scaffold.switches import ARRAY_LAG_START, array_port

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network

    from infra_kit.inventory.scaffold.addresses import AddressPlan
    from infra_kit.inventory.scaffold.counts import Counts

NAME = "array01"
_NODES = 4
_DAY_S = 86_400
_INTERFACE = "25gige-agg-1"
"""What OneFS calls the aggregate of a node's two 25G ports."""


def storage(counts: Counts, plan: AddressPlan, racking: Racking, domain: str, dns_servers: list[IPv4Address]) -> Storage:
    """One H5600 chassis on each of the first pairs: zone `cdp` for the cluster's HDFS, zone `kubernetes` for volumes."""
    return Storage(
        name=NAME,
        model=ARRAY,
        onefs="9.5",
        management=ArrayManagement(address=plan.array_management, credential="array"),
        protection="+2d:1n",
        licences=["HDFS", "SmartConnect Advanced", "SmartQuotas", "SnapshotIQ"],
        chassis=[_chassis(pair, racking) for pair in range(counts.chassis)],
        groupnets=[
            Groupnet(
                name="groupnet0",
                dns_servers=dns_servers,
                dns_search=[domain],
                subnets=[_subnet(pair, counts, plan, domain) for pair in range(counts.chassis)],
            ),
        ],
        access_zones=[_cdp(), AccessZone(name="kubernetes", path="/ifs/data/kubernetes", groupnet="groupnet0")],
        quotas=[
            Quota(path="/ifs/data/cdp", hard_gib=400_000, soft_gib=350_000, soft_grace_s=7 * _DAY_S, advisory_gib=300_000),
            Quota(path="/ifs/data/kubernetes", hard_gib=100_000, advisory_gib=80_000),
        ],
        nfs_exports=[
            NfsExport(
                path="/ifs/data/kubernetes",
                zone="kubernetes",
                clients=[plan.cluster_data(pair) for pair in range(counts.pairs)],
                root_squash=False,
            ),
        ],
        snapshot_schedules=[
            _daily("cdp-daily", "/ifs/data/cdp", "Every day at 01:00", 7),
            _daily("kubernetes-daily", "/ifs/data/kubernetes", "Every day at 02:00", 14),
        ],
    )


def chassis_name(pair: int) -> str:
    """Name of the chassis on the n-th pair (from 0)."""
    return f"{NAME}-chassis{pair + 1}"


def _chassis(pair: int, racking: Racking) -> Chassis:
    rack, unit = racking.places[chassis_name(pair)]
    return Chassis(
        name=chassis_name(pair),
        service_tag=service_tag("P", pair + 1),
        rack=rack,
        unit=unit,
        drive_tb=12.0,
        nodes=[_node(pair, node) for node in range(_NODES)],
    )


def _node(pair: int, node: int) -> ArrayNode:
    ports = [
        ArrayPort(interface=f"25gige-{index}", switch=f"leaf{pair + 1:02}{side}", port=array_port(pair, node), speed_gbps=25)
        for index, side in enumerate("ab", start=1)
    ]
    return ArrayNode(lnn=pair * _NODES + node + 1, ports=ports, lag=ARRAY_LAG_START + node + 1)


def _subnet(pair: int, counts: Counts, plan: AddressPlan, domain: str) -> ArraySubnet:
    network = networks.storage(pair)
    subnet = plan.storage(pair)
    # Only the nodes that are cabled to the pair reach its network; with one chassis those are all.
    nodes = [pair * _NODES + node + 1 for node in range(_NODES)] if counts.chassis > 1 else []
    suffix = f"-{pair + 1:02}" if pair else ""
    return ArraySubnet(
        name=f"subnet-{network}",
        network=network,
        mtu=9000,
        smartconnect_service_address=subnet[10],
        pools=[_pool(name, suffix, zone, subnet, nodes, domain) for name, zone in (("hdfs", "cdp"), ("nfs", "kubernetes"))],
    )


def _pool(name: str, suffix: str, zone: str, subnet: IPv4Network, nodes: list[int], domain: str) -> Pool:  # noqa: PLR0913
    first, last = POOLS[name]
    return Pool(
        name=f"pool-{name}{suffix}",
        access_zone=zone,
        first=subnet[first],
        last=subnet[last],
        interfaces=[_INTERFACE],
        nodes=nodes,
        allocation="dynamic",
        aggregation="lacp",
        smartconnect_zone=f"{name}{suffix}.{domain}",
        smartconnect_policy="round_robin",
    )


def _cdp() -> AccessZone:
    identities = _identities()
    return AccessZone(
        name="cdp",
        path="/ifs/data/cdp",
        groupnet="groupnet0",
        hdfs=Hdfs(root_directory="/ifs/data/cdp"),
        groups=[ZoneGroup(name=name, gid=identities["start_gid"] + number) for number, name in enumerate(identities["groups"])],
        users=[ZoneUser(uid=identities["start_uid"] + number, **user) for number, user in enumerate(identities["users"])],
        proxy_users=[ProxyUser(**proxy) for proxy in identities["proxy_users"]],
    )


def _daily(name: str, path: str, schedule: str, days: int) -> SnapshotSchedule:
    return SnapshotSchedule(name=name, path=path, schedule=schedule, pattern=f"{name}_%Y-%m-%d_%H:%M", duration_s=days * _DAY_S)


@cache
def _identities() -> dict[str, Any]:
    document: dict[str, Any] = yaml.load((DATA / "cdp-identities.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    return document

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
from infra_kit.inventory.scaffold.networks import POOLS
from infra_kit.inventory.scaffold.placeholders import service_tag
from infra_kit.inventory.scaffold.racking import ARRAY, Racking
from infra_kit.inventory.scaffold.switches import ARRAY_FIRST_PORT, ARRAY_LAG_START

if TYPE_CHECKING:
    from ipaddress import IPv4Address

    from infra_kit.inventory.scaffold.addresses import AddressPlan
    from infra_kit.inventory.scaffold.counts import Counts

NAME = "array01"
CHASSIS = "array01-chassis1"
_NODES = 4
_DAY_S = 86_400
_INTERFACE = "25gige-agg-1"
"""What OneFS calls the aggregate of a node's two 25G ports."""


def storage(counts: Counts, plan: AddressPlan, racking: Racking, domain: str, dns_servers: list[IPv4Address]) -> Storage:
    """One H5600 chassis: zone `cdp` for the cluster's HDFS, zone `kubernetes` for volumes."""
    return Storage(
        name=NAME,
        model=ARRAY,
        onefs="9.5",
        management=ArrayManagement(address=plan.array_management, credential="array"),
        protection="+2d:1n",
        licences=["HDFS", "SmartConnect Advanced", "SmartQuotas", "SnapshotIQ"],
        chassis=[_chassis(racking)],
        groupnets=[
            Groupnet(name="groupnet0", dns_servers=dns_servers, dns_search=[domain], subnets=[_subnet(plan, domain)]),
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


def _chassis(racking: Racking) -> Chassis:
    rack, unit = racking.places[CHASSIS]
    return Chassis(
        name=CHASSIS,
        service_tag=service_tag("P", 1),
        rack=rack,
        unit=unit,
        drive_tb=12.0,
        nodes=[_node(lnn) for lnn in range(1, _NODES + 1)],
    )


def _node(lnn: int) -> ArrayNode:
    port = f"1/1/{ARRAY_FIRST_PORT + lnn - 1}"
    ports = [
        ArrayPort(interface=f"25gige-{index}", switch=f"leaf01{side}", port=port, speed_gbps=25) for index, side in enumerate("ab", start=1)
    ]
    return ArrayNode(lnn=lnn, ports=ports, lag=ARRAY_LAG_START + lnn)


def _subnet(plan: AddressPlan, domain: str) -> ArraySubnet:
    return ArraySubnet(
        name="subnet-storage-01",
        network="storage-01",
        mtu=9000,
        smartconnect_service_address=plan.storage[10],
        pools=[_pool("hdfs", "cdp", plan, domain), _pool("nfs", "kubernetes", plan, domain)],
    )


def _pool(name: str, zone: str, plan: AddressPlan, domain: str) -> Pool:
    first, last = POOLS[name]
    return Pool(
        name=f"pool-{name}",
        access_zone=zone,
        first=plan.storage[first],
        last=plan.storage[last],
        interfaces=[_INTERFACE],
        allocation="dynamic",
        aggregation="lacp",
        smartconnect_zone=f"{name}.{domain}",
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

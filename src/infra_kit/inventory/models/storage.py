"""The PowerScale array: chassis, nodes and cabling, network, access zones, HDFS, identities, quotas, exports, snapshots."""

from __future__ import annotations

from typing import Literal

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import (
    TB,
    Address,
    DomainName,
    GiB,
    LagId,
    Mtu,
    Name,
    PortName,
    PositiveCount,
    RackUnit,
    ServiceTag,
    SpeedGbps,
    Subnet,
)

Protection = Literal["+1n", "+2n", "+3n", "+2d:1n", "+3d:1n", "+3d:1n1d", "+4d:1n", "+4d:2n", "2x", "3x", "4x", "5x", "6x", "7x", "8x"]


class ArrayPort(Noun):
    """One front-end port of a node and the switch port its cable goes to."""

    interface: str
    """The name OneFS gives it, such as 25gige-1."""
    switch: Name
    port: PortName
    speed_gbps: SpeedGbps


class ArrayNode(Noun):
    """One node of a chassis; `lnn` is its logical node number in the cluster."""

    lnn: PositiveCount
    ports: list[ArrayPort]
    lag: LagId | None = None
    """The port-channel its ports form, where the pool aggregates by LACP."""


class Chassis(Noun):
    """A chassis with its nodes."""

    name: Name
    service_tag: ServiceTag
    rack: Name
    unit: RackUnit
    drive_tb: TB
    nodes: list[ArrayNode]


class ArrayManagement(Noun):
    """Where the platform API answers."""

    address: Address
    credential: Name


class Pool(Noun):
    """An address pool: the addresses that clients reach and the name SmartConnect answers for."""

    name: Name
    access_zone: str
    first: Address
    last: Address
    interfaces: list[str]
    """Interface names of every node that serve this pool."""
    nodes: list[PositiveCount] = []
    """Logical numbers of the nodes that serve it; none named: every node of the array."""
    allocation: Literal["static", "dynamic"] = "static"
    aggregation: Literal["roundrobin", "failover", "lacp", "fec"] = "lacp"
    smartconnect_zone: DomainName
    smartconnect_policy: Literal["round_robin", "conn_count", "throughput", "cpu_usage"] = "round_robin"


class ArraySubnet(Noun):
    """A OneFS subnet on one of the site's storage front-end networks."""

    name: Name
    network: Name
    mtu: Mtu = 9000
    smartconnect_service_address: Address
    pools: list[Pool]


class Groupnet(Noun):
    """A OneFS groupnet: name servers for the subnets and zones in it."""

    name: Name
    dns_servers: list[Address]
    dns_search: list[DomainName] = []
    subnets: list[ArraySubnet]


class Hdfs(Noun):
    """HDFS settings of an access zone."""

    block_size_mib: Literal[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] = 128
    authentication: Literal["simple_only", "kerberos_only"] = "kerberos_only"
    checksum: Literal["none", "crc32", "crc32c"] = "none"
    transfer_cipher: Literal["none", "aes_128_ctr", "aes_192_ctr", "aes_256_ctr"] = "none"
    root_directory: str
    webhdfs: bool = True


class ZoneGroup(Noun):
    """A local group of a zone."""

    name: str
    gid: PositiveCount


class ZoneUser(Noun):
    """A local user of a zone: a service account of the data cluster."""

    name: str
    uid: PositiveCount
    primary_group: str
    groups: list[str] = []


class ProxyUser(Noun):
    """An account that may act for the members of some groups or for some users."""

    name: str
    groups: list[str] = []
    users: list[str] = []


class AccessZone(Noun):
    """An access zone of the array; HDFS for the cluster lives in one of its own, never in System."""

    name: str
    path: str
    groupnet: Name
    hdfs: Hdfs | None = None
    groups: list[ZoneGroup] = []
    users: list[ZoneUser] = []
    proxy_users: list[ProxyUser] = []


class Quota(Noun):
    """A directory quota; thresholds count logical size."""

    path: str
    hard_gib: GiB
    soft_gib: GiB | None = None
    soft_grace_s: PositiveCount | None = None
    advisory_gib: GiB | None = None
    include_snapshots: bool = False


class NfsExport(Noun):
    """An NFS export of a zone."""

    path: str
    zone: str
    clients: list[Subnet]
    read_only: bool = False
    root_squash: bool = True


class SnapshotSchedule(Noun):
    """A snapshot schedule in OneFS's own schedule language."""

    name: Name
    path: str
    schedule: str
    pattern: str
    duration_s: PositiveCount


class Storage(Noun):
    """One PowerScale cluster."""

    name: Name
    model: str
    """An array model of the hardware catalogue, such as H5600."""
    onefs: str
    """OneFS release, such as 9.5; the PAPI version table depends on it."""
    management: ArrayManagement
    protection: Protection
    licences: list[str] = []
    chassis: list[Chassis]
    groupnets: list[Groupnet]
    access_zones: list[AccessZone]
    quotas: list[Quota] = []
    nfs_exports: list[NfsExport] = []
    snapshot_schedules: list[SnapshotSchedule] = []

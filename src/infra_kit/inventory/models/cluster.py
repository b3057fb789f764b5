"""The data cluster: what the later layer provisions, typed with what is known."""

from __future__ import annotations

from typing import Literal

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import DomainName, Name, PositiveCount, SecretReference

ClusterService = Literal[
    "zookeeper",
    "hdfs",
    "yarn",
    "hive",
    "hive-on-tez",
    "tez",
    "impala",
    "spark",
    "hbase",
    "kafka",
    "ozone",
    "ranger",
    "atlas",
    "knox",
    "hue",
    "oozie",
    "solr",
    "livy",
    "schema-registry",
]


class HdfsOnWorkers(Noun):
    """HDFS of configuration 2, on the workers' own disks."""

    replication: PositiveCount = 3
    block_size_mib: PositiveCount = 128


class IsilonService(Noun):
    """HDFS of configuration 1: the SmartConnect name that the cluster's default file system points at."""

    smartconnect_zone: DomainName
    access_zone: str


class Cluster(Noun):
    """CDP Private Cloud Base."""

    name: Name
    runtime: str
    manager: str
    """Version of Cloudera Manager."""
    parcel_mirror: str
    licence: SecretReference
    services: list[ClusterService]
    high_availability: bool = True
    kerberos: bool = True
    auto_tls: bool = True
    hdfs: HdfsOnWorkers | None = None
    isilon: IsilonService | None = None

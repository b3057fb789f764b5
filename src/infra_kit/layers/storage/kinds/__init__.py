"""Every kind of object, parents before children: the order in which they are made."""

from __future__ import annotations

from infra_kit.layers.storage.kinds.data_services import EXPORT, QUOTA, SCHEDULE
from infra_kit.layers.storage.kinds.hdfs import HDFS, HDFS_SERVICE, PROXY_USER
from infra_kit.layers.storage.kinds.identities import GROUP, USER
from infra_kit.layers.storage.kinds.network import GROUPNET, POOL, SUBNET
from infra_kit.layers.storage.kinds.zones import ZONE

KINDS = (GROUPNET, SUBNET, ZONE, POOL, GROUP, USER, HDFS_SERVICE, HDFS, PROXY_USER, QUOTA, EXPORT, SCHEDULE)
BY_NAME = {kind.name: kind for kind in KINDS}

"""HDFS: on the array in configuration 1, on the workers in configuration 2."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.server import Disks, ServerProfile
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_MOST_TB = 100
_MOST_DRIVE_GB = 8000
_DRIVES = range(4, 25)
"""100 TB a DataNode, drives of 8 TB at most, 4 to 24 of them, no RAID (docs.cloudera.com, cdpdc-hdfs)."""
_GB_PER_TB = 1000
_ON_ARRAY = 1
_LEAST_METADATA_DRIVES = 2
_LEAST_RACKS = 2


def _data_nodes(site: Site, index: Index) -> Iterator[tuple[ServerProfile, list[Disks]]]:
    """The profiles of HDFS workers and their data drives."""
    if site.site.configuration == _ON_ARRAY:
        return
    seen: set[str] = set()
    for server in site.servers:
        profile = index.profile(server)
        if server.role == "worker" and profile and profile.name not in seen:
            seen.add(profile.name)
            yield profile, [group for group in profile.disks if group.purpose == "data"]


@rule("IK3101")
def array_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """Configuration 1 has no array."""
    if site.site.configuration == _ON_ARRAY and site.storage is None:
        message = "configuration 1 keeps HDFS on PowerScale, and the site has no `storage`"
        yield Problem(site.site, "configuration", message, "describe the array, or write `configuration: 2`")


@rule("IK3102")
def array_unexpected(site: Site, _index: Index) -> Iterator[Problem]:
    """Configuration 2 has an array."""
    if site.site.configuration != _ON_ARRAY and site.storage is not None:
        message = f"configuration 2 keeps HDFS on the workers, and the site has array {site.storage.name}"
        yield Problem(site.storage, "name", message, "remove `storage`, or write `configuration: 1`")


@rule("IK3103")
def hdfs_in_wrong_place(site: Site, _index: Index) -> Iterator[Problem]:
    """The cluster's HDFS is not where the configuration has it."""
    cluster = site.cluster
    if cluster is None:
        return
    wanted, other = ("isilon", "hdfs") if site.site.configuration == _ON_ARRAY else ("hdfs", "isilon")
    if getattr(cluster, other) is not None:
        message = f"configuration {site.site.configuration} has no `cluster.{other}`"
        yield Problem(cluster, other, message, f"remove it; HDFS is described by `cluster.{wanted}`")
    if getattr(cluster, wanted) is None:
        message = f"configuration {site.site.configuration} describes its HDFS by `cluster.{wanted}`, which is missing"
        yield Problem(cluster, "name", message, f"add `{wanted}:`")


@rule("IK3104")
def replication_above_nodes(site: Site, _index: Index) -> Iterator[Problem]:
    """HDFS wants more replicas than there are DataNodes."""
    hdfs = site.cluster.hdfs if site.cluster else None
    workers = sum(server.role == "worker" for server in site.servers)
    if hdfs and hdfs.replication > workers:
        message = f"replication {hdfs.replication} needs as many DataNodes, and the site has {workers} workers"
        yield Problem(hdfs, "replication", message, "add workers, or lower the replication")


@rule("IK3105", "warning")
def replication_in_few_racks(site: Site, _index: Index) -> Iterator[Problem]:
    """HDFS replicas cannot survive the loss of a rack."""
    hdfs = site.cluster.hdfs if site.cluster else None
    racks = Counter(server.rack for server in site.servers if server.role == "worker")
    if hdfs and hdfs.replication > 1 and len(racks) < _LEAST_RACKS:
        message = f"all workers stand in one rack ({', '.join(racks) or 'none'}): replication {hdfs.replication} does not survive its loss"
        yield Problem(hdfs, "replication", message, "spread the workers over at least two racks")
    if hdfs and hdfs.replication == 1:
        yield Problem(hdfs, "replication", "replication 1: a lost drive is lost data", "3 is usual")


@rule("IK3106")
def data_node_too_large(site: Site, index: Index) -> Iterator[Problem]:
    """A DataNode has more than 100 TB."""
    for profile, groups in _data_nodes(site, index):
        total = sum(group.count * group.size_gb for group in groups) / _GB_PER_TB
        if total > _MOST_TB:
            terms = " + ".join(f"{group.count} x {group.size_gb / _GB_PER_TB:g}" for group in groups)
            message = f"a DataNode of profile {profile.name} has {terms} = {total:g} TB; the most is {_MOST_TB}"
            yield Problem(profile, "disks", message, "more workers with fewer or smaller drives")


@rule("IK3107", "warning")
def drive_too_large(site: Site, index: Index) -> Iterator[Problem]:
    """A DataNode's drive is larger than 8 TB."""
    for profile, groups in _data_nodes(site, index):
        for group in groups:
            if group.size_gb > _MOST_DRIVE_GB:
                message = f"data drives of profile {profile.name} have {group.size_gb / _GB_PER_TB:g} TB"
                yield Problem(
                    group, "size_gb", message, f"up to {_MOST_DRIVE_GB // _GB_PER_TB} TB is recommended: rebuilding larger ones takes long"
                )


@rule("IK3108", "warning")
def drive_count_unusual(site: Site, index: Index) -> Iterator[Problem]:
    """A DataNode has fewer than 4 or more than 24 data drives."""
    for profile, groups in _data_nodes(site, index):
        count = sum(group.count for group in groups)
        if groups and count not in _DRIVES:
            message = f"a DataNode of profile {profile.name} has {count} data drives"
            yield Problem(profile, "disks", message, f"{_DRIVES.start} to {_DRIVES.stop - 1} are recommended")


@rule("IK3109", "warning")
def data_drives_in_raid(site: Site, index: Index) -> Iterator[Problem]:
    """A DataNode's drives are in a RAID; HDFS replicates itself."""
    for profile, groups in _data_nodes(site, index):
        for group in groups:
            if group.raid != "none":
                yield Problem(
                    group, "raid", f"data drives of profile {profile.name} are in {group.raid}", "HDFS wants single drives: `raid: none`"
                )


@rule("IK3110")
def data_drives_missing(site: Site, index: Index) -> Iterator[Problem]:
    """A worker of configuration 2 has no data drives for HDFS."""
    for profile, groups in _data_nodes(site, index):
        if not groups:
            yield Problem(profile, "disks", f"workers of profile {profile.name} carry HDFS and have no data drives", "add `purpose: data`")


@rule("IK3111", "warning")
def spill_drives_missing(site: Site, index: Index) -> Iterator[Problem]:
    """A worker of configuration 1 has no drives for shuffle and spill."""
    seen: set[str] = set()
    for server in site.servers if site.site.configuration == _ON_ARRAY else []:
        profile = index.profile(server)
        if server.role == "worker" and profile and profile.name not in seen:
            seen.add(profile.name)
            if not any(group.purpose in ("spill", "data") for group in profile.disks):
                message = f"workers of profile {profile.name} have no drives for shuffle and spill"
                yield Problem(profile, "disks", message, "add `purpose: spill`: what jobs sort does not go to the array")


@rule("IK3112", "warning")
def metadata_drives_missing(site: Site, index: Index) -> Iterator[Problem]:
    """A master of configuration 2 has fewer than two drives for the NameNode's metadata."""
    seen: set[str] = set()
    for server in site.servers if site.site.configuration != _ON_ARRAY else []:
        profile = index.profile(server)
        if server.role == "master" and profile and profile.name not in seen:
            seen.add(profile.name)
            count = sum(group.count for group in profile.disks if group.purpose == "metadata")
            if count < _LEAST_METADATA_DRIVES:
                message = f"masters of profile {profile.name} have {count} metadata drives"
                yield Problem(profile, "disks", message, f"the NameNode keeps its metadata on at least {_LEAST_METADATA_DRIVES} drives")


@rule("IK3113")
def block_size_impossible(site: Site, _index: Index) -> Iterator[Problem]:
    """The HDFS block size is not a power of two between 1 and 1024 MiB."""
    hdfs = site.cluster.hdfs if site.cluster else None
    if hdfs and (hdfs.block_size_mib & (hdfs.block_size_mib - 1) or hdfs.block_size_mib > 1024):  # noqa: PLR2004  said in the docstring
        message = f"block size {hdfs.block_size_mib} MiB is not a power of two up to 1024"
        yield Problem(hdfs, "block_size_mib", message, "128 and 256 are usual")


@rule("IK3114", "warning")
def worker_racks_uneven(site: Site, _index: Index) -> Iterator[Problem]:
    """One rack holds more than twice the HDFS workers of another: replicas cannot spread evenly."""
    hdfs = site.cluster.hdfs if site.cluster else None
    racks = Counter(server.rack for server in site.servers if server.role == "worker")
    if hdfs and racks and max(racks.values()) > 2 * min(racks.values()):
        text = ", ".join(f"{rack} {count}" for rack, count in sorted(racks.items()))
        yield Problem(hdfs, "replication", f"workers by rack: {text}", "spread them evenly, so that replicas find room")

"""Access zones: paths, HDFS, identities, quotas, exports, snapshots."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.storage import AccessZone, NfsExport, Quota, SnapshotSchedule
    from infra_kit.inventory.rules.index import Index

_FILE_SYSTEM = "/ifs"


def _zones(site: Site) -> list[AccessZone]:
    return site.storage.access_zones if site.storage else []


def _is_under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


@rule("IK3240")
def hdfs_in_system_zone(site: Site, _index: Index) -> Iterator[Problem]:
    """HDFS is in zone System."""
    for zone in _zones(site):
        if zone.hdfs and zone.name.lower() == "system":
            yield Problem(zone, "hdfs", "HDFS is in zone System, which administers the whole array", "give HDFS a zone of its own")


@rule("IK3241")
def hdfs_nowhere(site: Site, _index: Index) -> Iterator[Problem]:
    """No zone of the array serves HDFS."""
    if site.storage and not any(zone.hdfs for zone in site.storage.access_zones):
        yield Problem(
            site.storage, "access_zones", f"no zone of array {site.storage.name} serves HDFS", "add `hdfs:` to the cluster's zone"
        )


@rule("IK3242")
def groupnet_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A zone names a groupnet that does not exist."""
    known = sorted(groupnet.name for groupnet in site.storage.groupnets) if site.storage else []
    for zone in _zones(site):
        if zone.groupnet not in known:
            message = f"zone {zone.name} is in groupnet `{zone.groupnet}`, which does not exist"
            yield Problem(zone, "groupnet", message, f"known: {', '.join(known) or 'none'}")


@rule("IK3243")
def path_outside_file_system(site: Site, _index: Index) -> Iterator[Problem]:
    """A path of the array is not under /ifs, or not in its plain form."""
    storage = site.storage
    if storage is None:
        return
    nouns: list[AccessZone | Quota | NfsExport | SnapshotSchedule] = [*storage.access_zones, *storage.quotas]
    nouns += [*storage.nfs_exports, *storage.snapshot_schedules]
    for noun in nouns:
        path = noun.path
        plain = not path.endswith("/") and "//" not in path and "/../" not in f"{path}/" and "/./" not in f"{path}/"
        if not _is_under(path, _FILE_SYSTEM) or not plain:
            yield Problem(noun, "path", f"`{path}` is no plain path under {_FILE_SYSTEM}", "write it in full, such as /ifs/data/cdp")


@rule("IK3244")
def zone_paths_nested(site: Site, _index: Index) -> Iterator[Problem]:
    """The paths of two zones lie in each other: one zone's users would see the other's files."""
    zones = sorted((zone for zone in _zones(site) if zone.name != "System"), key=lambda zone: zone.path)
    for before, zone in pairwise(zones):
        if _is_under(zone.path, before.path):
            message = f"path {zone.path} of zone {zone.name} lies in {before.path} of zone {before.name}"
            yield Problem(zone, "path", message, "give each zone a tree of its own")


@rule("IK3245")
def hdfs_root_outside_zone(site: Site, _index: Index) -> Iterator[Problem]:
    """The HDFS root is not in its zone's path."""
    for zone in _zones(site):
        if zone.hdfs and not _is_under(zone.hdfs.root_directory, zone.path):
            message = f"HDFS root {zone.hdfs.root_directory} is outside {zone.path}, the path of zone {zone.name}"
            yield Problem(zone.hdfs, "root_directory", message, "keep it inside the zone")


@rule("IK3246")
def zone_of_cluster_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """The cluster's access zone does not exist, or serves no HDFS."""
    isilon = site.cluster.isilon if site.cluster else None
    if isilon is None or site.storage is None:
        return
    zone = next((zone for zone in site.storage.access_zones if zone.name == isilon.access_zone), None)
    if zone is None:
        known = ", ".join(zone.name for zone in site.storage.access_zones) or "none"
        message = f"the cluster uses access zone `{isilon.access_zone}`, which the array does not have"
        yield Problem(isilon, "access_zone", message, f"known: {known}")
    elif zone.hdfs is None:
        message = f"the cluster uses access zone {zone.name}, which serves no HDFS"
        yield Problem(isilon, "access_zone", message, f"add `hdfs:` to zone {zone.name}")


@rule("IK3247")
def name_of_cluster_unanswered(site: Site, _index: Index) -> Iterator[Problem]:
    """No pool of the cluster's zone answers to the name that its file system points at."""
    isilon = site.cluster.isilon if site.cluster else None
    if isilon is None or site.storage is None:
        return
    pools = [pool for groupnet in site.storage.groupnets for subnet in groupnet.subnets for pool in subnet.pools]
    names = sorted(pool.smartconnect_zone for pool in pools if pool.access_zone == isilon.access_zone)
    if isilon.smartconnect_zone not in names:
        message = f"the cluster's file system is {isilon.smartconnect_zone}, which no pool of zone {isilon.access_zone} answers to"
        yield Problem(isilon, "smartconnect_zone", message, f"its pools answer to {', '.join(names) or 'nothing'}")


@rule("IK3248")
def authentication_differs(site: Site, _index: Index) -> Iterator[Problem]:
    """The cluster speaks Kerberos and its HDFS zone does not, or the other way round."""
    cluster = site.cluster
    for zone in _zones(site) if cluster and cluster.isilon else []:
        if cluster and cluster.isilon and zone.hdfs and zone.name == cluster.isilon.access_zone:
            wanted = "kerberos_only" if cluster.kerberos else "simple_only"
            if zone.hdfs.authentication != wanted:
                message = f"zone {zone.name} is {zone.hdfs.authentication}, the cluster has `kerberos: {str(cluster.kerberos).lower()}`"
                yield Problem(zone.hdfs, "authentication", message, f"write {wanted}, or change `cluster.kerberos`")


@rule("IK3249")
def id_used_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """Two users or two groups of a zone have the same number."""
    for zone in _zones(site):
        users: dict[int, str] = {}
        for user in zone.users:
            if users.setdefault(user.uid, user.name) != user.name:
                message = f"uid {user.uid} of {user.name} in zone {zone.name} is already that of {users[user.uid]}"
                yield Problem(user, "uid", message, "number each user once")
        groups: dict[int, str] = {}
        for group in zone.groups:
            if groups.setdefault(group.gid, group.name) != group.name:
                message = f"gid {group.gid} of {group.name} in zone {zone.name} is already that of {groups[group.gid]}"
                yield Problem(group, "gid", message, "number each group once")


@rule("IK3250")
def group_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A user is in a group that its zone does not have."""
    for zone in _zones(site):
        known = {group.name for group in zone.groups}
        for user in zone.users:
            if user.primary_group not in known:
                message = f"primary group `{user.primary_group}` of {user.name} is not in zone {zone.name}"
                yield Problem(user, "primary_group", message, "add the group to the zone")
            for position, group in enumerate(user.groups):
                if group not in known:
                    message = f"group `{group}` of {user.name} is not in zone {zone.name}"
                    yield Problem(user, ("groups", position), message, "add the group to the zone")


@rule("IK3251")
def proxy_member_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A proxy user, or whom it may act for, is not in its zone."""
    for zone in _zones(site):
        users = {user.name for user in zone.users}
        groups = {group.name for group in zone.groups}
        for proxy in zone.proxy_users:
            if proxy.name not in users:
                message = f"proxy user `{proxy.name}` is no user of zone {zone.name}"
                yield Problem(proxy, "name", message, "add the user to the zone")
            for field, members, known in (("users", proxy.users, users), ("groups", proxy.groups, groups)):
                for position, member in enumerate(members):
                    if member not in known and member != "*":
                        message = f"proxy user {proxy.name} acts for `{member}`, which is not among the {field} of zone {zone.name}"
                        yield Problem(proxy, (field, position), message, "add it to the zone, or correct the name")


@rule("IK3252")
def quota_thresholds(site: Site, _index: Index) -> Iterator[Problem]:
    """A quota's thresholds do not fit: soft without grace, or not below hard."""
    for quota in site.storage.quotas if site.storage else []:
        if quota.soft_gib is not None and quota.soft_grace_s is None:
            yield Problem(quota, "soft_gib", f"quota {quota.path} has a soft threshold without a grace period", "add `soft_grace_s`")
        if quota.soft_gib is None and quota.soft_grace_s is not None:
            yield Problem(quota, "soft_grace_s", f"quota {quota.path} has a grace period without a soft threshold", "add `soft_gib`")
        for field in ("soft_gib", "advisory_gib"):
            value = getattr(quota, field)
            if value is not None and value >= quota.hard_gib:
                message = f"quota {quota.path} has `{field}` {value} GiB, not below its hard {quota.hard_gib} GiB"
                yield Problem(quota, field, message, "lower it, or raise the hard threshold")


@rule("IK3253")
def path_in_no_zone(site: Site, _index: Index) -> Iterator[Problem]:
    """A quota, an export or a snapshot schedule is on a path of no zone."""
    storage = site.storage
    if storage is None:
        return
    paths = [zone.path for zone in storage.access_zones]
    nouns: list[Quota | SnapshotSchedule] = [*storage.quotas, *storage.snapshot_schedules]
    for noun in nouns:
        if not any(_is_under(noun.path, path) for path in paths):
            yield Problem(
                noun, "path", f"{noun.path} is in no zone of array {storage.name}", f"zones have {', '.join(paths) or 'no paths'}"
            )


@rule("IK3254")
def export_outside_zone(site: Site, _index: Index) -> Iterator[Problem]:
    """An NFS export names a zone that does not exist, or a path outside it."""
    zones = {zone.name: zone for zone in _zones(site)}
    for export in site.storage.nfs_exports if site.storage else []:
        zone = zones.get(export.zone)
        if zone is None:
            message = f"export {export.path} is in zone `{export.zone}`, which does not exist"
            yield Problem(export, "zone", message, f"known: {', '.join(sorted(zones)) or 'none'}")
        elif not _is_under(export.path, zone.path):
            yield Problem(
                export, "path", f"export {export.path} is outside {zone.path}, the path of zone {zone.name}", "keep it inside the zone"
            )


@rule("IK3255")
def quota_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """Two quotas or two exports are on one path."""
    quotas: set[str] = set()
    for quota in site.storage.quotas if site.storage else []:
        if quota.path in quotas:
            yield Problem(quota, "path", f"path {quota.path} has two quotas", "keep one of the two")
        quotas.add(quota.path)
    exports: set[tuple[str, str]] = set()
    for export in site.storage.nfs_exports if site.storage else []:
        if (export.zone, export.path) in exports:
            yield Problem(export, "path", f"path {export.path} of zone {export.zone} is exported twice", "keep one of the two")
        exports.add((export.zone, export.path))


@rule("IK3256", "warning")
def export_open(site: Site, _index: Index) -> Iterator[Problem]:
    """An NFS export is open to every address, or to no one."""
    for export in site.storage.nfs_exports if site.storage else []:
        if not export.clients or any(client.prefixlen == 0 for client in export.clients):
            yield Problem(export, "clients", f"export {export.path} is open to every address", "name the networks of its clients")

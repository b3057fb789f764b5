"""The array's chassis, nodes, protection, capacity and licences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem, an, severity_by, worded
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.catalog.models import ArrayModel, ProtectionLayout
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.storage import Storage
    from infra_kit.inventory.rules.index import Index

_LARGEST_STRIPE = 16
_RELEASE = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}(\.[0-9]+){0,2}$")
_TIB_PER_TB = 1000**4 / 1024**4
_BASIC_POLICY = "round_robin"


def _modelled(site: Site, index: Index) -> Iterator[tuple[Storage, ArrayModel]]:
    if site.storage and index.array_model:
        yield site.storage, index.array_model


@rule("IK3201")
def array_model_unknown(site: Site, index: Index) -> Iterator[Problem]:
    """The array's model is not in the catalogue."""
    if site.storage and index.array_model is None:
        message = f"array {site.storage.name} is of model `{site.storage.model}`, which the catalogue does not know"
        known = ", ".join(sorted(site.catalog.arrays))
        yield Problem(site.storage, "model", message, f"known: {known}; describe others in the site's catalog/ folder")


@rule("IK3202")
def chassis_not_full(site: Site, index: Index) -> Iterator[Problem]:
    """A chassis does not have its model's number of nodes."""
    for storage, model in _modelled(site, index):
        for chassis in storage.chassis:
            if len(chassis.nodes) != model.nodes_per_chassis.value:
                message = (
                    f"chassis {chassis.name} has {len(chassis.nodes)} nodes; {an(model.name)} chassis has {worded(model.nodes_per_chassis)}"
                )
                yield Problem(chassis, "nodes", message, "describe every node of the chassis", severity_by(model.nodes_per_chassis))


@rule("IK3203")
def node_number_twice(_site: Site, index: Index) -> Iterator[Problem]:
    """Two nodes have the same logical node number."""
    first: dict[int, str] = {}
    for chassis, node in index.nodes:
        if node.lnn in first:
            message = f"node number {node.lnn} in {chassis.name} is already in {first[node.lnn]}"
            yield Problem(node, "lnn", message, "number the nodes of the cluster from 1, each once")
        first.setdefault(node.lnn, chassis.name)


@rule("IK3204")
def node_count_illegal(site: Site, index: Index) -> Iterator[Problem]:
    """The array has fewer nodes than a cluster starts with, or more than it takes."""
    for storage, model in _modelled(site, index):
        count = len(index.nodes)
        for limit, outside, word in (
            (model.min_nodes, count < model.min_nodes.value, "at least"),
            (model.max_nodes, count > model.max_nodes.value, "at most"),
        ):
            if outside:
                message = f"array {storage.name} has {count} nodes; a cluster has {word} {worded(limit)}"
                yield Problem(storage, "chassis", message, "add or remove chassis", severity_by(limit))


def _layout(storage: Storage, model: ArrayModel) -> ProtectionLayout | None:
    return next((each for each in model.protection.value if each.level == storage.protection), None)


@rule("IK3205")
def protection_impossible(site: Site, index: Index) -> Iterator[Problem]:
    """The protection level needs more nodes than the array has."""
    for storage, model in _modelled(site, index):
        layout = _layout(storage, model)
        count = len(index.nodes)
        if layout and count < layout.min_nodes:
            unsure = "" if layout.confirmed else " (catalogue figure not confirmed)"
            message = f"protection {storage.protection} needs {layout.min_nodes} nodes{unsure}, the array has {count}"
            severity = severity_by(model.protection) if layout.confirmed else "warning"
            yield Problem(storage, "protection", message, "+2d:1n is recommended for one chassis", severity)


@rule("IK3206")
def protection_unknown(site: Site, index: Index) -> Iterator[Problem]:
    """The catalogue knows no layout of the protection level for this model."""
    for storage, model in _modelled(site, index):
        if _layout(storage, model) is None:
            known = ", ".join(each.level for each in model.protection.value)
            yield Problem(
                storage, "protection", f"the catalogue has no layout of {storage.protection} for {an(model.name)}", f"known: {known}"
            )


@rule("IK3207", "warning")
def drive_unusual(site: Site, index: Index) -> Iterator[Problem]:
    """A chassis has drives of a size that its model is not known with."""
    for storage, model in _modelled(site, index):
        for chassis in storage.chassis:
            if chassis.drive_tb not in model.drive_options_tb.value:
                options = ", ".join(f"{size:g} TB" for size in model.drive_options_tb.value)
                message = f"chassis {chassis.name} has {chassis.drive_tb:g} TB drives; {an(model.name)} is known with {options}"
                yield Problem(chassis, "drive_tb", message, "read it off the array, or describe the model in the site's catalog/ folder")


@rule("IK3208", "warning")
def drives_differ(site: Site, _index: Index) -> Iterator[Problem]:
    """Chassis have drives of different sizes: they form separate node pools."""
    chassis = site.storage.chassis if site.storage else []
    for each in chassis[1:]:
        if each.drive_tb != chassis[0].drive_tb:
            message = f"chassis {each.name} has {each.drive_tb:g} TB drives, {chassis[0].name} {chassis[0].drive_tb:g} TB"
            yield Problem(each, "drive_tb", message, "like chassis form one node pool")


@rule("IK3209", "warning")
def quotas_above_capacity(site: Site, index: Index) -> Iterator[Problem]:
    """The hard quotas promise more than the array holds."""
    for storage, model in _modelled(site, index):
        layout = _layout(storage, model)
        promised = sum(quota.hard_gib for quota in storage.quotas) / 1024
        if layout is None or not index.nodes:
            continue
        data = max(1, min(layout.b * len(index.nodes) - layout.m, _LARGEST_STRIPE))
        drives = sum(len(chassis.nodes) * chassis.drive_tb for chassis in storage.chassis) * model.drives_per_node.value
        usable = drives * data / (data + layout.m) * _TIB_PER_TB
        if promised > usable:
            message = f"hard quotas of {promised:.0f} TiB in all; {drives:g} TB raw at {data}+{layout.m} leave at most {usable:.0f} TiB"
            yield Problem(storage, "quotas", message, "lower the quotas, or add chassis; snapshots and spare drives need room, too")


@rule("IK3210")
def licence_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """A feature is used whose licence is not listed: HDFS, or SmartConnect Advanced."""
    storage = site.storage
    if storage is None:
        return
    zone = next((zone for zone in storage.access_zones if zone.hdfs), None)
    if zone and "HDFS" not in storage.licences:
        message = f"zone {zone.name} serves HDFS, and licence HDFS is not among the array's"
        yield Problem(storage, "licences", message, "add it once the array has it")
    for groupnet in storage.groupnets:
        for subnet in groupnet.subnets:
            for pool in subnet.pools:
                needs = pool.allocation == "dynamic" or pool.smartconnect_policy != _BASIC_POLICY
                if needs and "SmartConnect Advanced" not in storage.licences:
                    message = (
                        f"pool {pool.name} is {pool.allocation} by {pool.smartconnect_policy}: that needs licence SmartConnect Advanced"
                    )
                    yield Problem(pool, "allocation", message, "add the licence, or use static allocation by round_robin")


@rule("IK3211")
def front_end_speed_unknown(site: Site, index: Index) -> Iterator[Problem]:
    """A node's port has a speed that its model does not have."""
    for _, model in _modelled(site, index):
        for chassis, node in index.nodes:
            for port in node.ports:
                if port.speed_gbps not in model.front_end_speeds_gbps.value:
                    speeds = ", ".join(map(str, model.front_end_speeds_gbps.value))
                    unsure = "" if model.front_end_speeds_gbps.confirmed else " (catalogue figures not confirmed)"
                    owner = f"{port.interface} of node {node.lnn} in {chassis.name}"
                    message = f"{owner} runs at {port.speed_gbps} Gb/s; {an(model.name)} has {speeds}{unsure}"
                    yield Problem(port, "speed_gbps", message, "correct the speed", severity_by(model.front_end_speeds_gbps))


@rule("IK3212")
def too_many_front_end_ports(site: Site, index: Index) -> Iterator[Problem]:
    """A node has more front-end ports than its model."""
    for _, model in _modelled(site, index):
        limit = model.max_front_end_ports
        for chassis, node in index.nodes:
            if len(node.ports) > limit.value:
                message = f"node {node.lnn} of {chassis.name} has {len(node.ports)} front-end ports; the most: {worded(limit)}"
                yield Problem(node, "ports", message, "describe the ports that are there", severity_by(limit))


@rule("IK3213")
def interface_twice(_site: Site, index: Index) -> Iterator[Problem]:
    """A node lists an interface twice."""
    for chassis, node in index.nodes:
        seen: set[str] = set()
        for port in node.ports:
            if port.interface in seen:
                yield Problem(port, "interface", f"node {node.lnn} of {chassis.name} lists {port.interface} twice", "name each port once")
            seen.add(port.interface)


@rule("IK3214", "warning")
def licence_of_quota_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """Quotas or snapshot schedules are described whose licence is not listed."""
    storage = site.storage
    if storage and storage.quotas and "SmartQuotas" not in storage.licences:
        yield Problem(storage, "quotas", "quotas are described, and licence SmartQuotas is not among the array's", "add the licence")
    if storage and storage.snapshot_schedules and "SnapshotIQ" not in storage.licences:
        message = "snapshot schedules are described, and licence SnapshotIQ is not among the array's"
        yield Problem(storage, "snapshot_schedules", message, "add the licence")


@rule("IK3215")
def release_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """The OneFS release is no release; the API's versions depend on it."""
    if site.storage and not _RELEASE.match(site.storage.onefs):
        yield Problem(site.storage, "onefs", f"`{site.storage.onefs}` is no OneFS release", 'write it as "9.5", in quotes')


@rule("IK3216")
def release_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """The platform API of the OneFS release is not known, so nothing could be asked of the array."""
    storage = site.storage
    model = site.catalog.arrays.get(storage.model) if storage else None
    if storage is None or model is None or model.onefs_releases is None or not _RELEASE.match(storage.onefs):
        return
    known = model.onefs_releases.value
    if ".".join(storage.onefs.split(".")[:2]) not in known:
        message = f"the platform API of OneFS {storage.onefs} is not known; known are {', '.join(known)}"
        yield Problem(storage, "onefs", message, "write the release that the array runs, if it is one of these")

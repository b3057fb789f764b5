"""Quotas, NFS exports and snapshot schedules of directories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.volumes import directories, on_array
from infra_kit.layers.storage.cluster import slug
from infra_kit.layers.storage.directory import beneath
from infra_kit.layers.storage.kind import Design, Fields, Kind, Place, Wanted, flat, nested
from infra_kit.plan import scope

if TYPE_CHECKING:
    from infra_kit.inventory.models.storage import Quota

_GIB = 2**30
_QUOTA = {"enforced": True, "include_snapshots": False, "thresholds_on": "fslogicalsize"}


def _quotas(design: Design) -> Iterator[Wanted]:
    yield from _stated_quotas(design)
    yield from _volume_quotas(design)


def _stated_quotas(design: Design) -> Iterator[Wanted]:
    for each in design.storage.quotas:
        needs = (f"directory/{each.path.strip('/')}", "licence/smartquotas")
        yield Wanted(each.path.strip("/"), _quota(each), needs, {"type": "directory", "path": each.path})


def _volume_quotas(design: Design) -> Iterator[Wanted]:
    """NFS bounds no volume by itself; with SmartQuotas the size that a workspace's volume has in Kubernetes is the array's too."""
    stated = {each.path.strip("/") for each in design.storage.quotas}
    nfs = on_array(design.site)
    if nfs is None or "smartquotas" not in map(slug, design.storage.licences):
        return
    for workspace in design.site.workspaces:
        for each in directories(design.site, workspace):
            path = beneath(nfs, each.path)
            if each.size_bytes is not None and path not in stated:
                values = {**_QUOTA, "thresholds.hard": each.size_bytes}
                needs = (f"directory/{path}", "licence/smartquotas")
                yield Wanted(path, values, needs, {"type": "directory", "path": f"/{path}"}, scope=scope.workspace(workspace.name))


def _quota(quota: Quota) -> Fields:
    limits = {
        "thresholds.hard": quota.hard_gib * _GIB,
        "thresholds.soft": quota.soft_gib * _GIB if quota.soft_gib else None,
        "thresholds.soft_grace": quota.soft_grace_s,
        "thresholds.advisory": quota.advisory_gib * _GIB if quota.advisory_gib else None,
    }
    stated = {name: value for name, value in limits.items() if value is not None}
    return {**_QUOTA, "include_snapshots": quota.include_snapshots, **stated}


QUOTA = Kind(
    name="quota",
    path="quota/quotas",
    answer="quotas",
    place=lambda name: Place(f"/{name}"),
    wanted=_quotas,
    key=lambda item: str(item["path"]),
    query={"type": "directory"},
    target=lambda item: str(item["id"]),
    together=("thresholds.",),
    fixed=frozenset({"include_snapshots"}),
)


def _exports(design: Design) -> Iterator[Wanted]:
    for each in design.storage.nfs_exports:
        values = {
            "clients": sorted(str(client) for client in each.clients),
            "read_only": each.read_only,
            "map_root": "nobody" if each.root_squash else "root",
        }
        needs = (f"directory/{each.path.strip('/')}", f"zone/{each.zone}")
        yield Wanted(f"{each.zone}/{each.path.strip('/')}", values, needs, {"paths": [each.path]})


def _export_place(name: str) -> Place:
    zone, _, path = name.partition("/")
    return Place(f"/{path}", {}, zone)


def _export_fields(item: Mapping[str, Any]) -> Fields:
    mapped = item["map_root"]
    user = mapped.get("user") or {}
    named = str(user.get("name") or user.get("id") or "").rpartition(":")[2]
    root = {"0": "root", "65534": "nobody"}.get(named, named) if mapped.get("enabled") else "root"
    return {**flat(item), "clients": sorted(item["clients"]), "map_root": root}


def _export_body(values: Fields) -> dict[str, Any]:
    body = nested(values)
    if "map_root" in body:
        body["map_root"] = {"enabled": True, "user": {"id": f"USER:{body['map_root']}"}}
    return body


EXPORT = Kind(
    name="nfs-export",
    path="protocols/nfs/exports",
    answer="exports",
    place=_export_place,
    wanted=_exports,
    # An export of several directories is somebody else's: ours have one.
    key=lambda item: "|".join(item["paths"]),
    target=lambda item: str(item["id"]),
    fields=_export_fields,
    body=_export_body,
)


def _schedules(design: Design) -> Iterator[Wanted]:
    for each in design.storage.snapshot_schedules:
        values = {"path": each.path, "schedule": each.schedule, "pattern": each.pattern, "duration": each.duration_s}
        yield Wanted(each.name, values, (f"directory/{each.path.strip('/')}", "licence/snapshotiq"), {"name": each.name})


SCHEDULE = Kind(
    name="snapshot-schedule",
    path="snapshot/schedules",
    answer="schedules",
    place=Place,
    wanted=_schedules,
)

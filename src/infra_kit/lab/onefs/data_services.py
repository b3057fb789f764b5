"""What protects, limits and exports directories: quotas, snapshot schedules, NFS exports, node pools."""

from __future__ import annotations

import re
from ipaddress import ip_network
from itertools import pairwise
from typing import Any

from infra_kit.lab.onefs.cluster import inside
from infra_kit.lab.onefs.collection import Collection, Place
from infra_kit.lab.onefs.identities import ZoneScoped
from infra_kit.lab.onefs.refusal import Refusal

_SCHEDULE = re.compile(
    r"^(every|each|the|yearly|monthly|weekly|daily|hourly|on)\b.*?(\bat\b|\bbetween\b|\bevery\b|$)", re.IGNORECASE | re.DOTALL
)
_PROTECTION = re.compile(r"^(default|\+[1-4]n|\+[234]d:1n(1d)?|\+4d:2n|[2-8]x)$")


class Quotas(Collection):
    """Quotas on directories."""

    kind = "quotas"
    listing = "quotas"
    key = "id"
    title = "Quota"

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Licensed; the directory exists; thresholds are in order; one of a type on a path."""
        del scope
        self.cluster.require("SmartQuotas")
        if before is None:
            item["path"] = self.cluster.directory(item["path"])
            for other in self.cluster.objects(self.kind).values():
                if _what(other) == _what(item):
                    raise Refusal(409, f"Quota of type '{item['type']}' already exists for path '{item['path']}'", "path")
            item["id"] = f"{self.cluster.number('quota'):026X}AAAAAA"
        else:
            item["thresholds"] = {**before["thresholds"], **item["thresholds"]}
        item["thresholds"] = {name: value for name, value in item["thresholds"].items() if value is not None}
        _thresholds(item)
        for transient in ("force", "ignore_limit_checks", "thresholds_include_overhead"):
            item.pop(transient, None)

    def items(self, place: Place) -> list[tuple[str, dict[str, Any]]]:
        """All, or those of a path, a type, a zone."""
        held = self.cluster.objects(self.kind).values()
        path, kind, zone = (place.query.get(name) for name in ("path", "type", "zone"))
        root = self.cluster.zone(zone)["path"] if zone else "/ifs"
        return [("", item) for item in held if path in (None, item["path"]) and kind in (None, item["type"]) and inside(item["path"], root)]

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """With usage and the thresholds that are not set."""
        del scope, query
        names = ("advisory", "hard", "soft", "soft_grace", "percent_advisory", "percent_soft")
        usage = ("applogical", "fslogical", "fsphysical", "inodes", "physical", "physical_data", "physical_protection", "shadow_refs")
        return {
            "notifications": "default",
            "ready": True,
            "persona": None,
            **item,
            "thresholds": {
                **{name: item["thresholds"].get(name) for name in names},
                **{f"{name}_exceeded": False for name in ("advisory", "hard", "soft")},
            },
            "usage": dict.fromkeys(usage, 0) | {f"{name}_ready": True for name in usage},
        }


def _what(quota: dict[str, Any]) -> tuple[Any, ...]:
    return quota["type"], quota["path"], quota["include_snapshots"], str(quota.get("persona"))


def _thresholds(item: dict[str, Any]) -> None:
    limits = item["thresholds"]
    if ("soft" in limits) != ("soft_grace" in limits):
        raise Refusal(400, "A soft threshold and its grace period must be given together", "thresholds.soft_grace")
    given = [(name, limits[name]) for name in ("advisory", "soft", "hard") if name in limits]
    for (lower, low), (upper, high) in pairwise(given):
        if low >= high:
            raise Refusal(400, f"The {lower} threshold must be less than the {upper} threshold", f"thresholds.{lower}")
    if given and not item["enforced"]:
        raise Refusal(400, "Thresholds cannot be set on a quota that is not enforced", "enforced")


class Schedules(Collection):
    """Snapshot schedules."""

    kind = "schedules"
    listing = "schedules"
    title = "Schedule"

    def find(self, scope: str, name: str) -> dict[str, Any]:
        """By name or number."""
        for item in self.cluster.objects(self.kind, scope).values():
            if name in (item["name"], str(item["id"])):
                return item
        raise self.missing(name)

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Licensed; the directory exists; the schedule can be read."""
        self.cluster.require("SnapshotIQ")
        item["path"] = self.cluster.directory(item["path"])
        if not _SCHEDULE.match(item["schedule"]):
            raise Refusal(400, f"Invalid schedule '{item['schedule']}'", "schedule")
        if before is None:
            if item["name"] in self.cluster.objects(self.kind, scope):
                raise self.duplicate(item["name"])
            item["id"] = self.cluster.number("schedule")

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """With its number."""
        del scope, query
        return {"alias": None, "next_run": None, "next_snapshot": None, **item}


class Exports(ZoneScoped):
    """NFS exports of a zone."""

    kind = "exports"
    listing = "exports"
    key = "id"
    title = "Export"

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Directories exist in the zone and are not exported to the same clients twice."""
        zone = self.cluster.zone(item.pop("zone", None) or scope)
        item["paths"] = [self.cluster.directory(path, "paths") for path in item["paths"]]
        for path in item["paths"]:
            if not inside(path, zone["path"]):
                raise Refusal(400, f"Path '{path}' is not in access zone '{zone['name']}'", "paths")
        for name in ("clients", "read_only_clients", "read_write_clients", "root_clients"):
            for client in item[name]:
                _client(client, name)
        for other in self.cluster.objects(self.kind, scope).values():
            if other is not before and set(other["paths"]) & set(item["paths"]) and sorted(other["clients"]) == sorted(item["clients"]):
                raise Refusal(409, f"Export conflicts with export {other['id']} on path '{other['paths'][0]}'", "paths")
        if before is None:
            item["id"] = self.cluster.number("export")

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """With the zone's name."""
        del query
        return {"unresolved_clients": [], "conflicting_paths": [], "map_failure": {"enabled": False}, "zone": scope, **item}


def _client(text: str, field: str) -> None:
    try:
        ip_network(text, strict=False)
    except ValueError as error:
        if not re.fullmatch(r"@?[A-Za-z][A-Za-z0-9.-]*", text):
            raise Refusal(400, f"Could not resolve host '{text}'", field) from error


class NodePools(Collection):
    """Node pools: nodes of one kind, and how their files are protected."""

    kind = "nodepools"
    listing = "nodepools"
    title = "Nodepool"
    methods = frozenset({"GET", "PUT"})

    def find(self, scope: str, name: str) -> dict[str, Any]:
        """By name or number."""
        for item in self.cluster.objects(self.kind, scope).values():
            if name in (item["name"], str(item["id"])):
                return item
        raise self.missing(name)

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """With its size, all of it free; the array writes these numbers as text."""
        del query
        nodes = self.cluster.state["cluster"]["nodes"]
        size = str(int(sum(node["drives"] * node["drive_tb"] for node in nodes if node["lnn"] in item["lnns"]) * 10**12))
        names = ("avail", "free", "total", "usable", "used", "avail_hdd", "free_hdd", "total_hdd", "usable_hdd", "used_hdd")
        sizes = {f"{name}_bytes": "0" if name.startswith("used") else size for name in names}
        ssd = {f"{name}_ssd_bytes": "0" for name in ("avail", "free", "total", "usable", "used")}
        percent = dict.fromkeys(("pct_used", "pct_used_hdd", "pct_used_ssd"), "0")
        usage = {**sizes, **ssd, **percent, "balanced": True, "virtual_hot_spare_bytes": "0"}
        return {**super().view(scope, item, {}), "can_disable_l3": True, "can_enable_l3": True, "l3_status": "l3", "usage": usage}

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """The protection is one that OneFS has; an automatic pool keeps its nodes."""
        del scope
        if not _PROTECTION.match(item["protection_policy"]):
            raise Refusal(400, f"Invalid protection policy '{item['protection_policy']}'", "protection_policy")
        if before is not None and item["lnns"] != before["lnns"]:
            raise Refusal(400, "Nodes of an automatically provisioned node pool cannot be changed", "lnns")

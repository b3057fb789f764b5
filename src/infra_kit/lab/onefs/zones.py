"""Access zones."""

from __future__ import annotations

import posixpath
from typing import Any

from infra_kit.lab.onefs.cluster import inside
from infra_kit.lab.onefs.collection import Collection
from infra_kit.lab.onefs.refusal import Refusal

ZONE_SCOPED = ("groups", "users", "proxyusers", "racks", "roles", "exports", "hdfs-settings")


class Zones(Collection):
    """Zones: a root directory, a groupnet, their own local provider."""

    kind = "zones"
    listing = "zones"
    title = "Access zone"

    def find(self, scope: str, name: str) -> dict[str, Any]:
        """Zone names are not case-sensitive."""
        del scope
        return self.cluster.zone(name)

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Its path exists and is nobody else's; its groupnet exists."""
        del scope
        if before is not None and before["system"] and item["name"] != before["name"]:
            raise Refusal(400, "The System access zone cannot be renamed", "name")
        if before is None or item["name"].lower() != before["name"].lower():
            self._free_name(item["name"])
        if item["groupnet"] not in self.cluster.objects("groupnets"):
            raise Refusal(400, f"Groupnet '{item['groupnet']}' does not exist", "groupnet")
        self._path(item, before)
        if before is None:
            item["zone_id"] = self.cluster.number("zone")
            item["system"] = False
            item["auth_providers"] = item["auth_providers"] or [f"lsa-local-provider:{item['name']}"]
        for transient in ("create_path", "force_overlap"):
            item.pop(transient, None)

    def _free_name(self, name: str) -> None:
        if any(each["name"].lower() == name.lower() for each in self.cluster.objects(self.kind).values()):
            raise Refusal(409, f"Access zone '{name}' already exists", "name")

    def _path(self, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        path = posixpath.normpath(item.setdefault("path", "/ifs"))
        if before is not None and path == before["path"]:
            return
        if item.get("create_path") and inside(path, "/ifs"):
            self.cluster.make_directory(path)
        item["path"] = self.cluster.directory(path)
        for each in self.cluster.objects(self.kind).values():
            overlap = not each["system"] and each is not before and (inside(path, each["path"]) or inside(each["path"], path))
            if overlap and not item.get("force_overlap"):
                raise Refusal(400, f"Path '{path}' overlaps the path of access zone '{each['name']}'", "path")

    def removable(self, scope: str, item: dict[str, Any]) -> None:
        """Not System, and not while a pool serves it."""
        del scope
        if item["system"]:
            raise Refusal(400, "The System access zone cannot be deleted")
        for parent, pool in self.cluster.everywhere("pools"):
            if pool["access_zone"].lower() == item["name"].lower():
                raise Refusal(409, f"Access zone '{item['name']}' is in use by network pool '{parent}.{pool['name']}'")

    def removed(self, scope: str, item: dict[str, Any]) -> None:
        """Its own provider and settings go with it."""
        del scope
        for kind in ZONE_SCOPED:
            self.cluster.state["objects"].get(kind, {}).pop(item["name"], None)

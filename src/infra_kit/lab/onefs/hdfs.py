"""HDFS: settings of a zone and of the cluster, proxy users and their members, virtual racks."""

from __future__ import annotations

from typing import Any

from infra_kit.lab.onefs.cluster import inside
from infra_kit.lab.onefs.collection import Collection, Place
from infra_kit.lab.onefs.identities import Groups, Users, ZoneScoped, label
from infra_kit.lab.onefs.refusal import Refusal

LICENCE = "HDFS"


class ProxyUsers(ZoneScoped):
    """Accounts that may act for others."""

    kind = "proxyusers"
    listing = "proxyusers"
    title = "Proxyuser"

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Licensed; the account and every member resolve."""
        self.cluster.require(LICENCE)
        if before is None:
            if item["name"] in self.cluster.objects(self.kind, scope):
                raise self.duplicate(item["name"])
            resolve(self, scope, {"name": item["name"], "type": "user"})
            item["members"] = [resolve(self, scope, member) for member in item["members"]]
            item.pop("id", None)


class ProxyUserMembers(ZoneScoped):
    """For whom a proxy user may act."""

    kind = "proxyusers"
    listing = "members"
    methods = frozenset({"GET", "POST", "DELETE"})

    def _proxy_user(self, place: Place) -> tuple[str, dict[str, Any]]:
        scope = self.scope(place)
        return scope, ProxyUsers(self.cluster).find(scope, place.path["proxyuser"])

    def items(self, place: Place) -> list[tuple[str, dict[str, Any]]]:
        """The members."""
        scope, item = self._proxy_user(place)
        return [(scope, member) for member in item["members"]]

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """As they are kept."""
        del scope, query
        return item

    def create(self, place: Place, body: Any) -> dict[str, Any]:
        """Add a member."""
        self.cluster.require(LICENCE)
        scope, item = self._proxy_user(place)
        if not isinstance(body, dict):
            raise Refusal(400, "Request body is not a JSON object")
        member = resolve(self, scope, body)
        if member in item["members"]:
            raise Refusal(409, f"Member '{member['name']}' already exists in proxyuser '{item['name']}'")
        if self.cluster.taken_in("members", {"name": member["name"]}):
            item["members"].append(member)
        return {"id": member["id"]}

    def delete(self, place: Place, name: str) -> None:
        """Remove a member."""
        self.cluster.require(LICENCE)
        _, item = self._proxy_user(place)
        kept = [member for member in item["members"] if name not in (member["id"], member["name"])]
        if len(kept) == len(item["members"]):
            raise Refusal(404, f"Member '{name}' not found in proxyuser '{item['name']}'")
        item["members"] = kept


class Racks(ZoneScoped):
    """Virtual racks: which clients are served from which pools."""

    kind = "racks"
    listing = "racks"
    title = "Rack"

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Licensed; named like a path; its pools exist."""
        del scope, before
        self.cluster.require(LICENCE)
        if not item["name"].startswith("/"):
            raise Refusal(400, f"Rack name '{item['name']}' must begin with '/'", "name")
        pools = {f"{parent}.{pool['name']}" for parent, pool in self.cluster.everywhere("pools")}
        pools |= {each.replace(".", ":") for each in pools}
        for pool in item["ip_pools"]:
            if pool not in pools:
                raise Refusal(400, f"IP pool '{pool}' does not exist", "ip_pools")


class Settings:
    """A settings object: one for the cluster, or one for each zone. There is nothing to create or delete."""

    methods = frozenset({"GET", "PUT"})

    def __init__(self, collection: ZoneScoped | Collection, listing: str) -> None:
        """Keep the objects of `collection` and show them under `listing`."""
        self.collection = collection
        self.listing = listing
        self.schema = collection.schema

    def list(self, place: Place) -> dict[str, Any]:
        """The settings."""
        return {self.listing: self.current(place)}

    def current(self, place: Place) -> dict[str, Any]:
        """What holds now: what was set, else the defaults."""
        scope = self.collection.scope(place)
        held = self.collection.cluster.objects(self.collection.kind, scope).get("settings", {})
        return {**self.schema.defaults(), **held}

    def put(self, place: Place, body: Any) -> None:
        """Change some of them."""
        self.schema.check(body, "update")
        scope = self.collection.scope(place)
        after = {**self.current(place), **body}
        self.collection.admit(scope, after, None)
        kept = self.collection.cluster.taken_in(self.collection.kind, body)
        held = self.collection.cluster.objects(self.collection.kind, scope).setdefault("settings", {})
        held.update({key: after[key] for key in kept})


class HdfsSettings(ZoneScoped):
    """HDFS settings of a zone."""

    kind = "hdfs-settings"
    listing = "settings"

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Licensed; the root exists and lies in the zone."""
        del before
        self.cluster.require(LICENCE)
        zone = self.cluster.zone(scope)
        item["root_directory"] = self.cluster.directory(item.get("root_directory") or zone["path"], "root_directory")
        if not inside(item["root_directory"], zone["path"]):
            raise Refusal(400, f"Root directory '{item['root_directory']}' is not in access zone '{scope}'", "root_directory")


class HdfsZoneSettings(Settings):
    """Shows the zone's own path as the root until another is set."""

    def current(self, place: Place) -> dict[str, Any]:
        """With the root."""
        settings = super().current(place)
        settings.setdefault("root_directory", self.collection.cluster.zone(self.collection.scope(place))["path"])
        return settings


class HdfsGlobal(Collection):
    """The cluster-wide switch of the HDFS service."""

    kind = "hdfs-global"
    listing = "global_settings"

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Licensed."""
        del scope, item, before
        self.cluster.require(LICENCE)


def resolve(collection: Collection, scope: str, persona: dict[str, Any]) -> dict[str, Any]:
    """A persona in full; refused in the array's words where it does not resolve in the zone."""
    kind = persona.get("type") or ("group" if str(persona.get("id", "")).startswith("G") else "user")
    name = label(persona)
    accounts: Users | Groups = Groups(collection.cluster) if kind == "group" else Users(collection.cluster)
    try:
        found = accounts.find(scope, name)
    except Refusal as refusal:
        raise Refusal(400, f"Could not resolve {kind} {name}", "members") from refusal
    return {"id": f"{accounts.number.upper()}:{found[accounts.number]}", "name": found["name"], "type": kind}

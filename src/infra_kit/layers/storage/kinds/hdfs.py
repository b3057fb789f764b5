"""HDFS of a zone: its settings, and the accounts that may act for others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infra_kit.layers.storage.exchange import Request
from infra_kit.layers.storage.kind import Design, Fields, Kind, Place, Wanted

if TYPE_CHECKING:
    from infra_kit.inventory.models.storage import ProxyUser
    from infra_kit.layers.storage.versions import Versions

_MEMBERS = "protocols/hdfs/proxyusers/{proxyuser}/members"
_MIB_EXPONENT = 20


def _service(design: Design) -> Iterator[Wanted]:
    if any(zone.hdfs for zone in design.storage.access_zones):
        yield Wanted(design.storage.name, {"service_enabled": True}, ("licence/hdfs",))


HDFS_SERVICE = Kind(
    name="hdfs-service",
    path="protocols/hdfs/settings/global",
    answer="global_settings",
    place=lambda _: Place(""),
    wanted=_service,
    settings=True,
)


def _settings(design: Design) -> Iterator[Wanted]:
    for zone in design.storage.access_zones:
        if zone.hdfs is None:
            continue
        values = {
            "service": True,
            # The platform API takes the exponent: 128 MiB are 2**27 bytes.
            "default_block_size": _MIB_EXPONENT + zone.hdfs.block_size_mib.bit_length() - 1,
            "authentication_mode": zone.hdfs.authentication,
            "default_checksum_type": zone.hdfs.checksum,
            "data_transfer_cipher": zone.hdfs.transfer_cipher,
            "root_directory": zone.hdfs.root_directory,
            "webhdfs_enabled": zone.hdfs.webhdfs,
        }
        needs = (f"zone/{zone.name}", f"directory/{zone.hdfs.root_directory.strip('/')}", f"hdfs-service/{design.storage.name}")
        yield Wanted(zone.name, values, (*needs, "licence/hdfs"))


HDFS = Kind(
    name="hdfs",
    path="protocols/hdfs/settings",
    answer="settings",
    place=lambda name: Place("", {}, name),
    wanted=_settings,
    settings=True,
)


def _proxy_users(design: Design) -> Iterator[Wanted]:
    for zone in design.storage.access_zones:
        users, groups = {user.name for user in zone.users}, {group.name for group in zone.groups}
        for each in zone.proxy_users:
            needs = [f"user/{zone.name}/{name}" for name in dict.fromkeys((each.name, *each.users)) if name in users]
            needs += [f"group/{zone.name}/{name}" for name in each.groups if name in groups]
            needs += [f"zone/{zone.name}", "licence/hdfs"]
            yield Wanted(f"{zone.name}/{each.name}", {"members": _members(each)}, tuple(needs), {"name": each.name})


def _members(proxy: ProxyUser) -> list[str]:
    return sorted([*(f"group:{name}" for name in proxy.groups), *(f"user:{name}" for name in proxy.users)])


def _persona(member: str) -> dict[str, str]:
    kind, _, name = member.partition(":")
    return {"name": name, "type": kind}


def _place(name: str) -> Place:
    zone, _, key = name.partition("/")
    return Place(key, {}, zone)


def _fields(item: Mapping[str, Any]) -> Fields:
    return {"members": sorted(f"{member['type']}:{member['name']}" for member in item["members"])}


def _links(versions: Versions, place: Place, before: Fields, after: Fields) -> list[Request]:
    had, has = set(before.get("members", ())), set(after.get("members", ()))
    query, variables = {"zone": place.zone or "System"}, {"proxyuser": place.key}
    added = [Request("POST", versions.path(_MEMBERS, variables), _persona(member), query) for member in sorted(has - had)]
    dropped = [Request("DELETE", versions.path(_MEMBERS, variables, member.partition(":")[2]), query=query) for member in sorted(had - has)]
    return added + dropped


PROXY_USER = Kind(
    name="proxyuser",
    path="protocols/hdfs/proxyusers",
    answer="proxyusers",
    place=_place,
    wanted=_proxy_users,
    fields=_fields,
    linked=frozenset({"members"}),
    links=_links,
)

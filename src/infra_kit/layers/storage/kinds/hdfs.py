"""HDFS of a zone: its settings, and the accounts that may act for others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infra_kit.layers.storage.exchange import Request
from infra_kit.layers.storage.kind import Design, Fields, Kind, Place, Wanted

if TYPE_CHECKING:
    from infra_kit.inventory.models.storage import ProxyUser
    from infra_kit.layers.storage.client import PapiWriter

_MEMBERS = "protocols/hdfs/proxyusers/{proxyuser}/members"
_MIB_EXPONENT = 20


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
        yield Wanted(zone.name, values, (f"zone/{zone.name}", f"directory/{zone.hdfs.root_directory.strip('/')}", "licence/hdfs"))


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


def _link(writer: PapiWriter, place: Place, before: Fields, after: Fields) -> None:
    had, has = set(before.get("members", ())), set(after.get("members", ()))
    query = {"zone": place.zone or "System"}
    for member in sorted(has - had):
        writer.write(Request("POST", writer.versions.path(_MEMBERS, {"proxyuser": place.key}), _persona(member), query=query))
    for member in sorted(had - has):
        name = member.partition(":")[2]
        writer.write(Request("DELETE", writer.versions.path(_MEMBERS, {"proxyuser": place.key}, name), query=query))


PROXY_USER = Kind(
    name="proxyuser",
    path="protocols/hdfs/proxyusers",
    answer="proxyusers",
    place=_place,
    wanted=_proxy_users,
    fields=_fields,
    linked=frozenset({"members"}),
    link=_link,
)

"""Local groups and users of a zone: the data cluster's service accounts. They have no password, so nobody can log in as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infra_kit.layers.storage.exchange import Request
from infra_kit.layers.storage.kind import Design, Fields, Kind, Place, Wanted

if TYPE_CHECKING:
    from infra_kit.layers.storage.versions import Versions

_MEMBERS = "auth/groups/{group}/members"
_LOCAL = {"provider": "local"}
"""Only the zone's own accounts: a directory service behind the zone may have thousands, and they are not ours."""


def _in_zone(name: str) -> Place:
    zone, _, key = name.partition("/")
    return Place(key, {}, zone)


def _number(persona: Mapping[str, Any]) -> int:
    """`UID:1025` as 1025."""
    return int(persona["id"].partition(":")[2])


def _groups(design: Design) -> Iterator[Wanted]:
    for zone in design.storage.access_zones:
        for each in zone.groups:
            yield Wanted(f"{zone.name}/{each.name}", {"gid": each.gid}, (f"zone/{zone.name}",), {"name": each.name})


GROUP = Kind(
    name="group",
    path="auth/groups",
    answer="groups",
    arguments=_LOCAL,
    place=_in_zone,
    wanted=_groups,
    target=lambda item: f"GROUP:{item['name']}",
    fields=lambda item: {"gid": _number(item["gid"])},
    fixed=frozenset({"gid"}),
    forced=True,
)


def _users(design: Design) -> Iterator[Wanted]:
    for zone in design.storage.access_zones:
        own = {group.name for group in zone.groups}
        for each in zone.users:
            values: Fields = {
                "uid": each.uid,
                "primary_group": each.primary_group,
                "enabled": True,
                "groups": sorted(set(each.groups) - {each.primary_group}),
            }
            needs = tuple(f"group/{zone.name}/{group}" for group in (each.primary_group, *each.groups) if group in own)
            # Without an expiry that nobody can answer: there is no password that could be renewed.
            once = {"name": each.name, "password_expires": False}
            yield Wanted(
                f"{zone.name}/{each.name}", values, (f"zone/{zone.name}", *needs), once, {"groups": frozenset(own | set(each.groups))}
            )


def _user_fields(item: Mapping[str, Any]) -> Fields:
    primary = item["gid"]["name"]
    return {
        "uid": _number(item["uid"]),
        "primary_group": primary,
        "enabled": item["enabled"],
        "groups": sorted(group["name"] for group in item["member_of"] or () if group["name"] != primary),
    }


def _user_body(values: Fields) -> dict[str, Any]:
    body = {**values}
    if "primary_group" in body:
        body["primary_group"] = {"name": body["primary_group"], "type": "group"}
    return body


def _memberships(versions: Versions, place: Place, before: Fields, after: Fields) -> list[Request]:
    had, has = set(before.get("groups", ())), set(after.get("groups", ()))
    query = {**_LOCAL, "zone": place.zone or "System"}
    join = [
        Request("POST", versions.path(_MEMBERS, {"group": f"GROUP:{group}"}), {"name": place.key, "type": "user"}, query)
        for group in sorted(has - had)
    ]
    leave = [
        Request("DELETE", versions.path(_MEMBERS, {"group": f"GROUP:{group}"}, f"USER:{place.key}"), query=query)
        for group in sorted(had - has)
    ]
    return join + leave


USER = Kind(
    name="user",
    path="auth/users",
    answer="users",
    place=_in_zone,
    wanted=_users,
    query={"query_member_of": "true", "resolve_names": "true"},
    arguments=_LOCAL,
    target=lambda item: f"USER:{item['name']}",
    fields=_user_fields,
    body=_user_body,
    fixed=frozenset({"uid"}),
    forced=True,
    linked=frozenset({"groups"}),
    links=_memberships,
)

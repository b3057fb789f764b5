"""Users and groups of the zones' providers, their memberships, and roles."""

from __future__ import annotations

from typing import Any

from infra_kit.lab.onefs.collection import Collection, Place
from infra_kit.lab.onefs.refusal import Refusal

DEFAULT_GROUP = "Isilon Users"


class ZoneScoped(Collection):
    """A collection that the `zone` argument selects; without it, the System zone's."""

    def scope(self, place: Place) -> str:
        """The zone, which must exist."""
        name: str = self.cluster.zone(place.query.get("zone", "System"))["name"]
        return name


class _Accounts(ZoneScoped):
    """What users and groups share: three ways to be named, a number that is unique in the zone."""

    number: str
    """The field that holds the number: uid or gid."""
    noun: str

    def find(self, scope: str, name: str) -> dict[str, Any]:
        """By name, `USER:name`, `UID:1025` or SID."""
        prefix, _, rest = name.partition(":")
        for item in self.cluster.objects(self.kind, scope).values():
            wanted = {self.noun.upper(): item["name"], self.number.upper(): str(item[self.number]), "SID": item["sid"]}
            if (prefix in wanted and wanted[prefix] == rest) or item["name"] == name:
                return item
        noun = self.noun
        label = name if ":" in name else f"{noun.upper()}:{name}"
        raise Refusal(404, f"Failed to find {noun} for '{label}': No such {noun}")

    def duplicate(self, name: str) -> Refusal:
        """The array's words."""
        return Refusal(409, f"{self.title} '{name}' already exists", "name")

    def answer_id(self, scope: str, item: dict[str, Any]) -> Any:
        """A creation answers with the SID."""
        del scope
        return f"SID:{item['sid']}"

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Name and number are free; a number is given where none is asked for."""
        held = self.cluster.objects(self.kind, scope)
        if before is None and item["name"] in held:
            raise self.duplicate(item["name"])
        taken = {each[self.number] for each in held.values() if each is not before}
        if self.number not in item:
            item[self.number] = max([1999, *(number for number in taken if number >= 2000)]) + 1  # noqa: PLR2004  local accounts start at 2000
        if item[self.number] in taken:
            raise Refusal(409, f"{self.title} already exists with {self.number} '{item[self.number]}'", self.number)
        zone_id = self.cluster.zone(scope)["zone_id"]
        item.setdefault("sid", f"S-1-5-21-{zone_id}-1-{1000 + self.cluster.number('rid')}")

    def items(self, place: Place) -> list[tuple[str, dict[str, Any]]]:
        """Those of a provider; here all accounts are the local provider's, and no directory service is set up."""
        provider = place.query.get("provider", "local")
        scope = self.scope(place)
        return super().items(place) if provider in ("local", f"lsa-local-provider:{scope}", f"local:{scope}") else []

    def update(self, place: Place, name: str, body: Any) -> None:
        """A change of the number needs `force`: it can cost access to files."""
        if isinstance(body, dict) and self.number in body and place.query.get("force", "").lower() != "true":
            before = self.find(self.scope(place), name)
            if before[self.number] != body[self.number]:
                raise Refusal(
                    400, f"The force option is required to change the {self.number} of {self.noun} '{before['name']}'", self.number
                )
        super().update(place, name, body)

    def _common(self, scope: str, item: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": item["name"],
            "name": item["name"],
            "type": self.noun,
            "provider": f"lsa-{item.get('provider', 'local')}-provider:{scope}",
            "domain": self.cluster.state["cluster"]["name"].upper(),
            "dns_domain": "",
            "dn": f"CN={item['name']},CN=Users,DC={self.cluster.state['cluster']['name'].upper()}",
            "sam_account_name": item["name"],
            "sid": {"id": f"SID:{item['sid']}", "name": item["name"], "type": self.noun},
        }

    def removable(self, scope: str, item: dict[str, Any]) -> None:
        """Not the ones the cluster came with."""
        del scope
        if item.get("built_in"):
            raise Refusal(403, f"The built-in {self.noun} '{item['name']}' cannot be deleted")


class Groups(_Accounts):
    """Local groups."""

    kind = "groups"
    listing = "groups"
    title = "Group"
    noun = "group"
    number = "gid"

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Members, where given, exist."""
        super().admit(scope, item, before)
        item["members"] = [_user(self, scope, member) for member in item.get("members", []) if isinstance(member, dict)] or [
            member for member in item.get("members", []) if isinstance(member, str)
        ]

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """As answers show a group: without its members, which have a collection of their own."""
        del query
        return {**self._common(scope, item), "gid": _persona("GID", item["gid"], item["name"]), "generated_gid": False, "member_of": None}

    def removable(self, scope: str, item: dict[str, Any]) -> None:
        """Not while it is someone's primary group."""
        super().removable(scope, item)
        for user in self.cluster.objects("users", scope).values():
            if user["primary_group"] == item["name"]:
                raise Refusal(409, f"Group '{item['name']}' is the primary group of user '{user['name']}'")


class Users(_Accounts):
    """Local users."""

    kind = "users"
    listing = "users"
    title = "User"
    noun = "user"
    number = "uid"

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """The primary group exists. A password is taken and never kept in the clear, nor shown."""
        super().admit(scope, item, before)
        group = item.get("primary_group", {"name": DEFAULT_GROUP})
        item["primary_group"] = group if isinstance(group, str) else _group(self, scope, group)
        item.pop("unlock", None)
        item["has_password"] = bool(item.pop("password", None)) or item.get("has_password", False)
        item.setdefault("home_directory", f"/ifs/home/{item['name']}")

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """As answers show a user; memberships only where they are asked for."""
        groups = self.cluster.objects("groups", scope)
        primary = groups[item["primary_group"]]
        hidden = ("primary_group", "has_password", "built_in", "provider", "uid", "sid")
        shown = {key: value for key, value in item.items() if key not in hidden}
        answer = {
            **shown,
            **self._common(scope, item),
            "uid": _persona("UID", item["uid"], item["name"]),
            "gid": _persona("GID", primary["gid"], primary["name"]),
            "primary_group_sid": {"id": f"SID:{primary['sid']}", "name": primary["name"], "type": "group"},
            "member_of": None,
            "expired": False,
            "locked": False,
            "password_expired": False,
            "password_last_set": None,
            "user_can_change_password": True,
            "generated_uid": False,
            "generated_gid": False,
        }
        if query.get("query_member_of", "").lower() == "true":
            of = [each for each in groups.values() if item["name"] in each["members"]]
            answer["member_of"] = [_persona("GID", each["gid"], each["name"]) for each in (primary, *of)]
        return answer

    def removed(self, scope: str, item: dict[str, Any]) -> None:
        """It leaves its groups and proxy users."""
        for group in self.cluster.objects("groups", scope).values():
            group["members"] = [name for name in group["members"] if name != item["name"]]


class GroupMembers(ZoneScoped):
    """The users in a group."""

    kind = "groups"
    listing = "members"
    methods = frozenset({"GET", "POST", "DELETE"})

    def _group(self, place: Place) -> tuple[str, dict[str, Any]]:
        scope = self.scope(place)
        return scope, Groups(self.cluster).find(scope, place.path["group"])

    def items(self, place: Place) -> list[tuple[str, dict[str, Any]]]:
        """The members."""
        scope, group = self._group(place)
        return [(scope, self.cluster.objects("users", scope)[name]) for name in group["members"]]

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """As a persona."""
        del scope, query
        return _persona("UID", item["uid"], item["name"])

    def create(self, place: Place, body: Any) -> dict[str, Any]:
        """Add a member."""
        scope, group = self._group(place)
        name = _user(self, scope, _checked_persona(body))
        uid = self.cluster.objects("users", scope)[name]["uid"]
        if name in group["members"]:
            raise Refusal(409, f"Failed to add member UID:{uid} to group GROUP:{group['name']}: User is already in local group")
        if self.cluster.taken_in("members", {"name": name}):
            group["members"].append(name)
        return {"id": f"UID:{uid}"}

    def delete(self, place: Place, name: str) -> None:
        """Remove a member."""
        scope, group = self._group(place)
        user = Users(self.cluster).find(scope, name)
        if user["name"] not in group["members"]:
            raise Refusal(404, f"Failed to remove member {name} from group GROUP:{group['name']}: User is not in local group")
        group["members"].remove(user["name"])


class Roles(ZoneScoped):
    """Roles; enough of them to be listed, made and removed."""

    kind = "roles"
    listing = "roles"
    title = "Role"

    def removable(self, scope: str, item: dict[str, Any]) -> None:
        """Not the built-in ones."""
        del scope
        if item.get("built_in"):
            raise Refusal(403, f"The built-in role '{item['name']}' cannot be deleted")

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """Without our own mark."""
        return {key: value for key, value in super().view(scope, item, query).items() if key != "built_in"}


def _persona(kind: str, number: int, name: str) -> dict[str, Any]:
    return {"id": f"{kind}:{number}", "name": name, "type": "user" if kind == "UID" else "group"}


def _checked_persona(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or not set(body) <= {"id", "name", "type"}:
        raise Refusal(400, "Request body is not a valid persona")
    return body


def label(persona: dict[str, Any]) -> str:
    """What a persona names: its id, or its name."""
    named = persona.get("id") or persona.get("name")
    if not isinstance(named, str):
        raise Refusal(400, "A persona needs an id or a name")
    return named


def _user(collection: Collection, scope: str, persona: dict[str, Any]) -> str:
    name: str = Users(collection.cluster).find(scope, label(persona))["name"]
    return name


def _group(collection: Collection, scope: str, persona: dict[str, Any]) -> str:
    name: str = Groups(collection.cluster).find(scope, label(persona))["name"]
    return name

"""The namespace API, as far as directories go: create, look, permissions, remove."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from infra_kit.lab.onefs.cluster import inside
from infra_kit.lab.onefs.identities import Groups, Users
from infra_kit.lab.onefs.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.lab.onefs.cluster import Cluster
    from infra_kit.lab.onefs.tree import Tree

_MODE = re.compile(r"^[0-7]{1,4}$")


class Namespace:
    """Directories below /ifs."""

    def __init__(self, cluster: Cluster) -> None:
        """Work on this cluster."""
        self.cluster = cluster
        self.tree: Tree | None = None
        """What clients see of the directories, where there are any that mount them."""

    def answer(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any) -> tuple[int, Any]:
        """Status and body of one request. `path` begins with /ifs."""
        plain = posixpath.normpath(path)
        if not inside(plain, "/ifs"):
            raise Refusal(404, f"Namespace '{path.split('/')[1] if '/' in path else path}' does not exist")
        if method == "PUT" and "acl" in query:
            return self._set_acl(plain, body)
        if method == "PUT":
            return self._create(plain, query, headers)
        if plain not in self.cluster.state["directories"]:
            raise Refusal(404, "Unable to open object '" + plain + "' in store 'ifs' -- not found.")
        if method == "GET":
            return 200, self._look(plain, query)
        if method == "HEAD":
            return 200, None
        if method == "DELETE":
            return self._delete(plain, query)
        raise Refusal(405, f"Method {method} is not allowed on {plain}")

    def _create(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        if headers.get("x-isi-ifs-target-type") != "container":
            raise Refusal(400, "Header x-isi-ifs-target-type is missing, or not `container`")
        mode = headers.get("x-isi-ifs-access-control", "0700")
        if not _MODE.match(mode):
            raise Refusal(400, f"Invalid access control '{mode}'", "x-isi-ifs-access-control")
        if path in self.cluster.state["directories"]:
            if query.get("overwrite", "false").lower() == "true":
                return 200, {}
            raise Refusal(403, "Unable to create directory as requested -- container already exists")
        if posixpath.dirname(path) not in self.cluster.state["directories"] and query.get("recursive", "false").lower() != "true":
            raise Refusal(404, "Unable to open object '" + posixpath.dirname(path) + "' in store 'ifs' -- not found.")
        self.cluster.make_directory(path, mode.zfill(4))
        return 200, {}

    def _look(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        held = self.cluster.state["directories"][path]
        if "acl" in query:
            owner, group = (self._persona(held[name]) for name in ("owner", "group"))
            return {"acl": [], "action": None, "authoritative": "mode", "mode": held["mode"], "owner": owner, "group": group}
        if "metadata" in query:
            values = {"name": posixpath.basename(path), "type": "container", "mode": held["mode"]}
            return {"attrs": [{"name": name, "value": value, "namespace": None} for name, value in values.items()]}
        return {"children": [{"name": name} for name in sorted(self._children(path))], "resume": None}

    def _children(self, path: str) -> set[str]:
        known = {posixpath.basename(each) for each in self.cluster.state["directories"] if posixpath.dirname(each) == path}
        return known | (self.tree.children(path) if self.tree else set())

    def _set_acl(self, path: str, body: Any) -> tuple[int, Any]:
        held = self.cluster.state["directories"].get(path)
        if held is None:
            raise Refusal(404, "Unable to open object '" + path + "' in store 'ifs' -- not found.")
        if not isinstance(body, dict) or body.get("authoritative") not in ("mode", "acl"):
            raise Refusal(400, "authoritative must be 'acl' or 'mode'", "authoritative")
        if body["authoritative"] == "acl":
            raise Refusal(400, "Access control lists are not emulated: use authoritative mode", "authoritative")
        kept = self.cluster.taken_in("acl", {name: body[name] for name in ("mode", "owner", "group") if body.get(name) is not None})
        changed: dict[str, str] = {}
        for name, value in kept.items():
            changed[name] = self._mode(value) if name == "mode" else self._resolve(name, value)
        held.update(changed)
        return 200, {}

    @staticmethod
    def _mode(value: Any) -> str:
        if not isinstance(value, str) or not _MODE.match(value):
            raise Refusal(400, f"Invalid mode '{value}'", "mode")
        return value.zfill(4)

    def _resolve(self, field: str, value: Any) -> str:
        named = value.get("id") or value.get("name") if isinstance(value, dict) else None
        if not isinstance(named, str):
            raise Refusal(400, f"Invalid {field}", field)
        if re.fullmatch(r"[UG]ID:\d+", named):
            return named
        if field == "owner":
            return f"UID:{Users(self.cluster).find('System', named)['uid']}"
        return f"GID:{Groups(self.cluster).find('System', named)['gid']}"

    def _persona(self, number: str) -> dict[str, Any]:
        """Names come from the System zone first, then from whichever zone knows the number."""
        kind, _, value = number.partition(":")
        field, objects, word = ("uid", "users", "user") if kind == "UID" else ("gid", "groups", "group")
        names = [each["name"] for _, each in self.cluster.everywhere(objects) if str(each[field]) == value]
        return {"id": number, "name": names[0] if names else value, "type": word}

    def _delete(self, path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        below = [each for each in self.cluster.state["directories"] if inside(each, path)]
        if path in ("/ifs", "/ifs/data", "/ifs/home"):
            raise Refusal(403, f"Unable to delete '{path}' -- permission denied")
        if self._children(path) and query.get("recursive", "false").lower() != "true":
            raise Refusal(409, f"Unable to delete directory '{path}' -- directory not empty")
        for user in self._users(path):
            raise Refusal(409, f"Unable to delete directory '{path}' -- in use by {user}")
        for each in below:
            del self.cluster.state["directories"][each]
        return 204, None

    def _users(self, path: str) -> list[str]:
        zones = [f"access zone '{each['name']}'" for _, each in self.cluster.everywhere("zones") if inside(each["path"], path)]
        quotas = [f"a quota on '{each['path']}'" for _, each in self.cluster.everywhere("quotas") if inside(each["path"], path)]
        exports = [
            f"export {each['id']}" for _, each in self.cluster.everywhere("exports") if any(inside(own, path) for own in each["paths"])
        ]
        schedules = [f"schedule '{each['name']}'" for _, each in self.cluster.everywhere("schedules") if inside(each["path"], path)]
        return zones + quotas + exports + schedules

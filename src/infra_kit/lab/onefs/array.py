"""The emulated array: who asks, which resource in which version, what it answers, and that it is remembered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aiohttp import web

from infra_kit.lab.https import HttpsEmulator
from infra_kit.lab.memory import Memory
from infra_kit.lab.onefs.cluster import Cluster
from infra_kit.lab.onefs.collection import Place
from infra_kit.lab.onefs.namespace import Namespace
from infra_kit.lab.onefs.refusal import Refusal
from infra_kit.lab.onefs.routes import Routes
from infra_kit.lab.onefs.sessions import Sessions
from infra_kit.lab.onefs.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra_kit.lab.emulator import Login, TlsFiles

_READS = frozenset({"GET", "HEAD"})


class OnefsArray(HttpsEmulator):
    """One emulated OneFS cluster, whole: one address answers for all its nodes.

    Args:
        name: the array's name in the inventory.
        login: the account it accepts.
        tls: what it presents.
        state_file: its memory.
        fresh: makes the state of a cluster that nobody has configured; called when there is no memory.
    """

    protocol = "papi"

    def __init__(self, name: str, login: Login, tls: TlsFiles, state_file: Path, fresh: Callable[[], dict[str, Any]]) -> None:
        """Remember, or begin fresh."""
        super().__init__(name, tls)
        self._memory = Memory(state_file)
        self.cluster = Cluster(self._memory.load() or fresh(), self.faults)
        self.sessions = Sessions(login, self.faults)
        self.routes = Routes(self.cluster)
        self._namespace = Namespace(self.cluster)
        self._save()

    async def stop(self) -> None:
        """Close, and write the state."""
        await super().stop()
        self._save()

    def materialise(self, folder: Path) -> None:
        """Have every directory below /ifs really, beneath a folder of this machine: clients mount from there. Takes root."""
        self._namespace.tree = Tree(folder)
        self._save()

    def unavailable(self) -> web.Response:
        """The array while a service of it restarts."""
        refusal = Refusal(503, "OneFS API is temporarily unavailable. Try your request again.")
        return web.json_response(refusal.body, status=503)

    def changes(self, request: web.BaseRequest) -> bool:
        """Logging in and out changes nothing."""
        return super().changes(request) and not request.path.startswith("/session/")

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """One request."""
        try:
            body = _json(await request.read())
            if request.path.rstrip("/") == "/session/1/session":
                return self.sessions.answer(request, body)
            self.sessions.check(request)
            status, answer = self._dispatch(request, body)
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        if request.method not in _READS:
            self._save()
        if answer is None:
            return web.Response(status=status)
        return web.json_response(answer, status=status)

    def tamper(self, change: dict[str, Any]) -> None:
        """Change the state behind everybody's back.

        Args:
            change: one of `{"kind": K, "scope": S, "id": I, "set": {field: value}}`, the same with `"delete": true`,
                `{"licence": NAME, "status": STATUS}`, `{"cluster": {key: value}}`, `{"directory": PATH, "delete": true}`,
                `{"ignore": {kind: [fields]}}` (accept these fields and do nothing with them), `{"end_sessions": true}`.

        Raises:
            ValueError: none of these.
        """
        state = self.cluster.state
        if "kind" in change:
            self._tamper_object(change)
        elif "licence" in change:
            state["licences"][change["licence"]] = change["status"]
        elif "cluster" in change:
            state["cluster"].update(change["cluster"])
        elif "directory" in change:
            del state["directories"][change["directory"]]
        elif "ignore" in change:
            state["ignores"] = change["ignore"]
        elif change.get("end_sessions"):
            self.sessions.end_all()
        else:
            msg = f"cannot tamper with {sorted(change)}"
            raise ValueError(msg)
        self._save()

    def _tamper_object(self, change: dict[str, Any]) -> None:
        held = self.cluster.objects(change["kind"], change.get("scope", ""))
        if change["id"] not in held:
            msg = f"no {change['kind']} {change['id']} to tamper with"
            raise ValueError(msg)
        if change.get("delete"):
            del held[change["id"]]
        else:
            held[change["id"]].update(change["set"])

    def _dispatch(self, request: web.BaseRequest, body: Any) -> tuple[int, Any]:
        query: Mapping[str, str] = request.query
        path = unquote(request.path)
        if path.startswith("/namespace/"):
            return self._namespace.answer(request.method, path.removeprefix("/namespace"), query, request.headers, body)
        if path == "/platform/latest":
            return 200, {"latest": str(self.cluster.versions.newest)}
        version, _, rest = request.rel_url.raw_path.removeprefix("/platform/").partition("/")
        if not request.path.startswith("/platform/") or not version.isdigit():
            raise Refusal(404, f"Path not found: {path}")
        target, variables, name = self.routes.find(int(version), rest.strip("/"))
        return _perform(target, request.method, Place(variables, dict(query)), name, body)

    def _save(self) -> None:
        self._memory.save(self.cluster.state)
        if self._namespace.tree is not None:
            self._namespace.tree.show(self.cluster.state["directories"])


def _json(data: bytes) -> Any:
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError as error:
        raise Refusal(400, "Request body is not valid JSON") from error


def _perform(target: Any, method: str, place: Place, name: str | None, body: Any) -> tuple[int, Any]:
    known: frozenset[str] | None = target.schema.query if hasattr(target, "schema") else None
    for argument in place.query:
        if known is not None and argument not in known:
            raise Refusal(400, f"Unexpected argument: '{argument}'", argument)
    step = (method, name is not None)
    if method not in target.methods:
        raise Refusal(405, f"Method {method} is not allowed here")
    if step == ("GET", False):
        return 200, target.list(place)
    if step == ("GET", True) and hasattr(target, "get"):
        return 200, target.get(place, name)
    if step == ("POST", False):
        return 201, target.create(place, body)
    if step == ("PUT", True) and hasattr(target, "update"):
        target.update(place, name, body)
        return 204, None
    if step == ("PUT", False) and hasattr(target, "put"):
        target.put(place, body)
        return 204, None
    if step == ("DELETE", True) and hasattr(target, "delete"):
        target.delete(place, name)
        return 204, None
    raise Refusal(405, f"Method {method} is not allowed here")

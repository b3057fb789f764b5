"""The HTTPS side of an emulated iDRAC9: requests in, resources and refusals out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aiohttp import web

from infra_kit.lab.https import HttpsEmulator
from infra_kit.lab.redfish import power, routes
from infra_kit.lab.redfish.accounts import SESSIONS, LoginRefusal
from infra_kit.lab.redfish.bmc import EmulatedBmc
from infra_kit.lab.redfish.paths import ROOT
from infra_kit.lab.redfish.reply import Refusal, Reply, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.models.server import Server, ServerProfile
    from infra_kit.lab.emulator import Login, TlsFiles
    from infra_kit.lab.memory import Memory

_OPEN = frozenset({("GET", "/redfish"), ("GET", ROOT), ("POST", SESSIONS)})
_ALIASES = {"/redfish/v1/Sessions": SESSIONS}
_FILTER = re.compile(r"^\s*(\w+)\s+eq\s+'([^']*)'\s*$")


class RedfishEmulator(HttpsEmulator):
    """One iDRAC9 that listens on HTTPS.

    Args:
        server: the server in the inventory.
        profile: what is inside it.
        login: the account.
        tls: what it presents.
        memory: where its state is kept.
    """

    protocol = "redfish"

    def __init__(self, server: Server, profile: ServerProfile, *, login: Login, tls: TlsFiles, memory: Memory) -> None:
        """Does not listen yet."""
        super().__init__(server.name, tls)
        self.bmc = EmulatedBmc(server, profile, login=login, faults=self.faults, memory=memory)

    async def stop(self) -> None:
        """Close the listener and write the state."""
        await super().stop()
        self.bmc.save()

    def unavailable(self) -> web.Response:
        """503 with SYS518."""
        return _response(refuse("not-ready").reply)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one request."""
        body = await request.read()
        path = unquote(request.path).rstrip("/") or "/"
        try:
            reply = self._reply(request.method, _ALIASES.get(path, path), request.query, request.headers, body)
        except Refusal as refusal:
            if isinstance(refusal, LoginRefusal):
                self.events.add("login-refused", refusal.user)
            reply = refusal.reply
        return _response(reply)

    def tamper(self, change: dict[str, Any]) -> None:
        """Change the server behind infra-kit's back; see `EmulatedBmc.tamper`."""
        self.bmc.tamper(change)

    def resource(self, path: str) -> dict[str, Any]:
        """The resource at a path.

        Raises:
            Refusal: 404, or 405 where the path takes other methods only.
        """
        route, rest = routes.place(path)
        if route not in routes.RESOURCES:
            raise refuse("method-not-allowed", "GET")
        return routes.RESOURCES[route](self.bmc, path, rest)

    def _reply(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Reply:
        if (method, path) not in _OPEN:
            self.bmc.accounts.check(headers)
        if power.settle(self.bmc):
            self.bmc.save()
        if method == "GET":
            return Reply(200, self._queried(self.resource(path), query))
        route, rest = routes.place(path)
        change = routes.CHANGES.get((method, route))
        if change is None:
            raise refuse("method-not-allowed", method)
        reply = change(self.bmc, path, rest, _parsed(body))
        self.bmc.save()
        return reply

    def _queried(self, resource: dict[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        members = resource.get("Members")
        if "$expand" in query and members:
            members = [self.resource(member["@odata.id"]) if "@odata.id" in member else member for member in members]
        wanted = _FILTER.match(query.get("$filter", ""))
        if wanted and members is not None:
            members = [member for member in members if str(member.get(wanted[1])) == wanted[2]]
        if members is not None:
            resource = {**resource, "Members": members, "Members@odata.count": len(members)}
        if "$select" in query:
            kept = {name.strip().split("/")[0] for name in query["$select"].split(",")}
            resource = {key: value for key, value in resource.items() if key.startswith("@odata") or key in kept}
        return resource


def _parsed(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise refuse("malformed") from error
    if not isinstance(parsed, dict):
        raise refuse("malformed")
    return parsed


def _response(reply: Reply) -> web.Response:
    headers = {"OData-Version": "4.0", "Cache-Control": "no-cache", **reply.headers}
    if reply.body is None:
        return web.Response(status=reply.status, headers=headers)
    return web.json_response(reply.body, status=reply.status, headers=headers)

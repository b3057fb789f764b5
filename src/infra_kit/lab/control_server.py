"""The lab's control call: faults, events and changes behind infra-kit's back, over HTTP on loopback with a bearer token."""

from __future__ import annotations

import hmac
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import TypeAdapter

from infra_kit.inventory.errors import LabError
from infra_kit.lab.emulator import FeelsFaults

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from infra_kit.lab.emulator import Controlled
    from infra_kit.lab.overlay import Listening

_log = logging.getLogger("infra_kit.lab")


class ControlServer:
    """Serves the control call for the devices added to it."""

    def __init__(self) -> None:
        """Does not listen yet."""
        self._emulators: dict[str, Controlled] = {}
        self._listening: dict[str, Listening] = {}
        self._runner: web.AppRunner | None = None
        self._token = ""

    def add(self, emulator: Controlled, listening: Listening) -> None:
        """Put a device under control."""
        self._emulators[listening.device.name] = emulator
        self._listening[listening.device.name] = listening

    async def start(self, host: str, port: int, token: str) -> int:
        """Listen; gives the port.

        Args:
            host: a loopback address.
            port: 0 takes a free one.
            token: what callers must bear.
        """
        self._token = token
        application = web.Application(middlewares=[self._authorize])
        application.add_routes(
            [
                web.get("/devices", self._list),
                web.get("/devices/{name}", self._show),
                web.put("/devices/{name}/faults", self._set_faults),
                web.post("/devices/{name}/tamper", self._tamper),
                web.delete("/devices/{name}/events", self._forget_events),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        taken: int = self._runner.addresses[0][1]
        return taken

    async def stop(self) -> None:
        """Close the listener."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _authorize(self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        borne = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(borne.encode(), self._token.encode()):
            return _refusal(401, "the bearer token is missing or wrong")
        name = request.match_info.get("name")
        if name is not None and name not in self._emulators:
            return _refusal(404, f"no such device in this lab: {name} (known: {', '.join(sorted(self._emulators))})")
        try:
            return await handler(request)
        except (ValueError, TypeError, LabError) as error:
            return _refusal(400, str(error))

    async def _list(self, request: web.Request) -> web.Response:
        del request
        return web.json_response([self._summary(name) for name in self._emulators])

    async def _show(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        events = self._emulators[name].events.entries
        return web.json_response({**self._summary(name), "events": [list(entry) for entry in events]})

    async def _set_faults(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        faults = self._emulators[name].faults
        wanted = type(faults)(**faults.as_dict())
        wanted.update(_object(await request.json()))
        faults.update(asdict(TypeAdapter(type(faults)).validate_python(wanted.as_dict())))
        emulator = self._emulators[name]
        if isinstance(emulator, FeelsFaults):
            await emulator.feel_faults()
        _log.info("%s: faults are now %s", name, faults.as_dict())
        return web.json_response(faults.as_dict())

    async def _tamper(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        change = _object(await request.json())
        under_way = self._emulators[name].tamper(change)
        if under_way is not None:
            await under_way
        _log.info("%s: tampered with: %s", name, ", ".join(change))
        return web.json_response({"changed": sorted(change)})

    async def _forget_events(self, request: web.Request) -> web.Response:
        self._emulators[request.match_info["name"]].events.clear()
        return web.json_response({})

    def _summary(self, name: str) -> dict[str, Any]:
        listening, emulator = self._listening[name], self._emulators[name]
        return {
            "name": name,
            "protocol": listening.device.protocol,
            "model": listening.device.model,
            "host": listening.host,
            "port": listening.port,
            "faults": emulator.faults.as_dict(),
            "requests": len(emulator.events.entries),
        }


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        msg = "the body must be a JSON object"
        raise TypeError(msg)
    return body


def _refusal(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)

"""The HTTPS side that emulated BMCs and arrays share: a TLS listener that can misbehave on demand."""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from aiohttp import web

from infra_kit.lab.faults import Events, Faults

if TYPE_CHECKING:
    from infra_kit.lab.emulator import TlsFiles

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class HttpsEmulator(ABC):
    """One HTTPS device. Subclasses answer requests; latency, 503, cuts and the record of requests happen here.

    Args:
        name: the device's name in the inventory.
        tls: what it presents.
    """

    def __init__(self, name: str, tls: TlsFiles) -> None:
        """Does not listen yet."""
        self.name = name
        self.faults = Faults()
        self.events = Events()
        self._tls = tls
        self._runner: web.ServerRunner | None = None

    @abstractmethod
    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one request as the device would. Authentication included."""

    @abstractmethod
    def unavailable(self) -> web.Response:
        """The device's own form of 503."""

    def changes(self, request: web.BaseRequest) -> bool:
        """Whether a request counts as a change for `drop_after_changes`; a device whose logins are POSTs says so here."""
        return request.method not in _READS

    async def start(self, host: str, port: int) -> int:
        """Listen; gives the port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._tls.certificate, self._tls.key)
        self._runner = web.ServerRunner(web.Server(self._serve), shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=context)
        await site.start()
        taken: int = self._runner.addresses[0][1]
        return taken

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.BaseRequest) -> web.Response:
        self.events.add(request.method, request.path_qs)
        if self.faults.unreachable:
            return self._cut(request)
        if self.faults.latency_s:
            await asyncio.sleep(self.faults.latency_s)
        if self.faults.server_errors > 0:
            self.faults.server_errors -= 1
            return self.unavailable()
        response = await self.answer(request)
        if self.changes(request) and self._cut_is_due():
            # The change has happened; only its answer is lost: the worst moment for a client.
            return self._cut(request)
        return response

    def _cut_is_due(self) -> bool:
        left = self.faults.drop_after_changes
        if left is None:
            return False
        self.faults.drop_after_changes = left - 1 if left > 0 else None
        return left == 0

    @staticmethod
    def _cut(request: web.BaseRequest) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

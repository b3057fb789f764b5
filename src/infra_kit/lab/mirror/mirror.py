"""Both servers of the mirror, on sockets that somebody else opened: so they listen in a network namespace that this process is not in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from infra_kit.lab.faults import Events, MirrorFaults
from infra_kit.lab.mirror.registry import Registry

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Sequence

    from aiohttp.typedefs import Handler, Middleware

    from infra_kit.lab.mirror.images.store import Image
    from infra_kit.lab.mirror.packages.repository import Repository

DEBIAN = "/debian"
"""Where the packages are: `http://HOST/debian`."""
_END_S = 1.0


class Mirror:
    """What the lab's hosts install from. Enter it to serve; leaving it closes every connection.

    Args:
        packages: the Debian repository, and a bound socket for it (plain HTTP, beneath `/debian`); none: no packages.
        images: the images, and a bound socket for the registry (plain HTTP); none: no registry.
        look: called where the registry has not what is asked for: the images that there are by now.
    """

    def __init__(
        self,
        *,
        packages: tuple[Repository, socket.socket] | None = None,
        images: tuple[Sequence[Image], socket.socket] | None = None,
        look: Callable[[], Iterable[Image]] = tuple,
    ) -> None:
        self.faults = MirrorFaults()
        """Felt by both."""
        self.events = Events()
        self.registry = Registry(images[0] if images else (), look)
        self._packages = packages
        self._images = images
        self._runners: list[web.AppRunner] = []

    def tamper(self, change: dict[str, Any]) -> None:
        """Not here: what it has is made of the user's cache, for all labs.

        Raises:
            ValueError: always.
        """
        del change
        msg = "packages and images are the same for every lab of this user: `infra-kit lab fault` makes the mirror misbehave"
        raise ValueError(msg)

    async def __aenter__(self) -> Self:
        try:
            if self._packages:
                repository, place = self._packages
                application = web.Application()
                application.router.add_static(DEBIAN, repository.folder)
                await self._serve(application, place)
            if self._images:
                application = web.Application()
                application.router.add_route("*", "/{path:.*}", self.registry.answer)
                await self._serve(application, self._images[1])
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def _serve(self, application: web.Application, place: socket.socket) -> None:
        application.middlewares.append(self._middleware())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_END_S)
        self._runners.append(runner)
        await runner.setup()
        await web.SockSite(runner, place).start()

    async def _end(self) -> None:
        while self._runners:
            await self._runners.pop().cleanup()

    def _middleware(self) -> Middleware:
        @web.middleware
        async def misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.events.add(request.method, request.path_qs)
            if self.faults.unreachable:
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=500)
            if self.faults.latency_s:
                await asyncio.sleep(self.faults.latency_s)
            if self.faults.server_errors > 0:
                self.faults.server_errors -= 1
                return web.Response(status=503, text="the lab was told to answer so\n")
            return await handler(request)

        return misbehave

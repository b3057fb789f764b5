"""A loopback listener that hands its connections on into the fabric."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.lab.hosts.namespace import Namespace

_CHUNK = 65536
_CONNECT_S = 5.0


class Forwarder:
    """One address and port of the fabric, on a port of this machine's loopback.

    Args:
        namespace: the fabric's.
        address: where connections go.
        port: its port.
        admits: asked at each connection; one that is not admitted is closed at once.
    """

    def __init__(self, namespace: Namespace, address: str, port: int, admits: Callable[[], bool]) -> None:
        """Does not listen yet."""
        self._namespace = namespace
        self._place = (address, port)
        self._admits = admits
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen on a loopback address; port 0 takes a free one. Gives the port."""
        self._server = await asyncio.start_server(self._serve, host, port)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server is not None:
            self._server.close()
            for each in self._open:
                each.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with contextlib.suppress(OSError, TimeoutError):
                await self._hand_on(reader, writer)
        except asyncio.CancelledError:
            pass  # the lab ends: asyncio would report it
        finally:
            writer.transport.abort()
            self._open.discard(task)

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._admits():
            return
        there = self._namespace.open()
        try:
            there.setblocking(False)
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(there, self._place), _CONNECT_S)
        except BaseException:
            there.close()
            raise
        their_reader, their_writer = await asyncio.open_connection(sock=there)
        try:
            await asyncio.gather(_pump(reader, their_writer), _pump(their_reader, writer))
        finally:
            their_writer.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()
    with contextlib.suppress(OSError):
        sink.write_eof()

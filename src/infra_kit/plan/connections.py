"""Device clients of one run: made once, shared by the resources of a device, closed at the end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from types import TracebackType

    from infra_kit.inventory.access import Access, Endpoint


class Closable(Protocol):
    """What a client must be able to do."""

    def close(self) -> None:
        """End its session. Never raises."""
        ...


Client = TypeVar("Client", bound=Closable)
Made = TypeVar("Made")


class Connections:
    """Hands out one client for each (device, client class).

    With `read_only` (plan, drift) only classes whose `can_write` attribute is False are handed out, so that a command that
    must not change anything cannot. A failed opening is remembered and raised again: a BMC that refused a login is not asked twice.
    """

    def __init__(self, access: Access, *, read_only: bool) -> None:
        """Nothing is opened yet."""
        self._access = access
        self._read_only = read_only
        self._guard = threading.Lock()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._clients: dict[tuple[str, type[Any]], Any] = {}
        self._made: dict[Hashable, Any] = {}

    @property
    def access(self) -> Access:
        """How the site's devices are reached, and its secrets."""
        return self._access

    def client(self, device: str, protocol: str, kind: type[Client], opening: Callable[[Endpoint], Client]) -> Client:
        """The device's client of that kind, opened on first use.

        Raises:
            DeviceError: as `opening` raises it, again at every further call.
            TypeError: a client that can write was asked for in a read-only run (a bug, caught by the suite).
        """
        if self._read_only and getattr(kind, "can_write", True):
            msg = f"{kind.__name__} can write; a read-only run must not open it"
            raise TypeError(msg)
        key = (device, kind)
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            held = self._clients.get(key)
            if held is None:
                try:
                    held = opening(self._access.endpoint(device, protocol))
                except Exception as error:
                    self._clients[key] = error
                    raise
                self._clients[key] = held
        if isinstance(held, Exception):
            raise held
        client: Client = held
        return client

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What a run needs one of, such as the engine of a stack: made at the first call with that key.

        `make` may ask for clients. What it makes is closed at the end, where it has a `close`.

        Raises:
            DeviceError: as `make` raises it, again at every further call.
        """
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._made:
                try:
                    self._made[key] = make()
                except Exception as error:
                    self._made[key] = error
                    raise
            held = self._made[key]
        if isinstance(held, Exception):
            raise held
        made: Made = held
        return made

    def close(self) -> None:
        """Close every client."""
        with self._guard:
            held = [each for each in (*self._made.values(), *self._clients.values()) if not isinstance(each, Exception)]
            self._made.clear()
            self._clients.clear()
        for each in held:
            if callable(close := getattr(each, "close", None)):
                close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close."""
        self.close()

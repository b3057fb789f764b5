"""A mirror with two small images, and what serves it while a test's own programs ask."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from infra_kit.lab.mirror.images.building import build
from infra_kit.lab.mirror.images.recipe import Recipe, layers
from infra_kit.lab.mirror.images.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from infra_kit.lab.mirror.images.store import Image
    from infra_kit.lab.mirror.mirror import Mirror

    Serve = Callable[[Mirror], AbstractContextManager[Mirror]]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Image]:
    """Two images of two registries that share a layer; nothing has to be got for them."""
    lower = ("account", "1234")
    recipes = [
        Recipe("quay.io/some/thing:1.0", layers(lower, ("link", "/opt/there /somewhere")), ("run", "it"), {"PATH": "/usr/bin"}, 1234),
        Recipe("registry.k8s.io/other:v2", layers(lower, ("link", "/etc/other /else")), ("other",), {"PATH": "/bin"}),
    ]
    return build(recipes, lambda _: None, Store(tmp_path_factory.mktemp("images")))


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Serves a mirror in a loop of its own, in a thread."""

    @contextmanager
    def serving(mirror: Mirror) -> Iterator[Mirror]:
        loop, ready, end = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

        async def run() -> None:
            async with mirror:
                ready.set()
                await end.wait()

        thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
        thread.start()
        assert ready.wait(10)
        try:
            yield mirror
        finally:
            loop.call_soon_threadsafe(end.set)
            thread.join(10)
            loop.close()

    return serving


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as place:
        yield place

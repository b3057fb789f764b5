"""Waiting for a host's SSH server."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.lab.hosts.namespace import Namespace
    from infra_kit.lab.hosts.specification import HostSpec

SSH = 22
_POLL_S = 0.05


async def wait_for_ssh(spec: HostSpec, fabric: Namespace, timeout_s: float, is_off: Callable[[], bool]) -> None:
    """Wait until a host's SSH server answers.

    Raises:
        LabError: it did not in time, or the host has ended.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if is_off():
            raise LabError("the host ended as soon as it was started", where=spec.name, remedy="see the lab's log")
        with contextlib.suppress(OSError):
            if await _greets(spec, fabric):
                return
        await asyncio.sleep(_POLL_S)
    raise LabError(f"the host's SSH server did not answer within {timeout_s:.0f} s", where=spec.name)


async def _greets(spec: HostSpec, fabric: Namespace) -> bool:
    loop = asyncio.get_running_loop()
    with fabric.open() as probe:
        probe.setblocking(False)
        await asyncio.wait_for(loop.sock_connect(probe, (str(spec.address), SSH)), 1.0)
        return (await asyncio.wait_for(loop.sock_recv(probe, 4), 5.0)) == b"SSH-"

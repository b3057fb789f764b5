"""A lab inside the calling program, for tests and benchmarks."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Self

from infra_kit.inventory.access import KUBERNETES
from infra_kit.inventory.load import load_site
from infra_kit.lab.control import LabControl
from infra_kit.lab.orchestrator import Lab

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path
    from types import TracebackType

_START_S = 120.0  # a control plane on a busy machine; the emulators need about a second


class RunningLab:
    """The lab of a site in a thread of this process, for the time of a `with` block.

    Args:
        site_folder: the site's folder; the lab keeps its things beneath it.
        without: parts to leave out.
        hosts: whether the servers have real hosts, too.
        reset: forget what an earlier lab's devices remember.
    """

    def __init__(self, site_folder: Path, *, without: Collection[str] = (), hosts: bool = False, reset: bool = False) -> None:
        """Does not run yet."""
        self._lab = Lab(load_site(site_folder), without, hosts=hosts, embedded=True)
        self._reset = reset
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lab", daemon=True)
        self.site_folder = site_folder
        self.folder = self._lab.folder

    @property
    def endpoints(self) -> Path:
        """The endpoints overlay."""
        return self.folder.endpoints

    @property
    def control(self) -> LabControl:
        """The control call of this lab."""
        return LabControl.of(self.site_folder)

    def kill_api_server(self) -> None:
        """Kill the Kubernetes API server (SIGKILL): connections are cut, new ones refused."""
        self.control.faults(KUBERNETES, unreachable=True)

    def restart_api_server(self) -> None:
        """Start the API server again at its port; it answers when this returns."""
        self.control.faults(KUBERNETES, unreachable=False)

    def __enter__(self) -> Self:
        """Start; every device listens when this returns."""
        self._thread.start()
        starting: Future[None] = asyncio.run_coroutine_threadsafe(self._lab.start(reset=self._reset), self._loop)
        try:
            starting.result(_START_S)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop every device."""
        asyncio.run_coroutine_threadsafe(self._lab.stop(), self._loop).result(_START_S)
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

"""Noting on hosts what a run has done there, while it goes on: now and then, not after each role, for each note is a program run there."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from infra_kit.inventory.errors import DeviceError, InfraKitError
from infra_kit.plan.resource import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.layers.hosts.knowledge import Knowledge
    from infra_kit.layers.hosts.result import RoleResult
    from infra_kit.layers.hosts.wanted import RoleOnHost
    from infra_kit.plan.resource import RunContext

_EVERY_S = 15.0
"""What a run that is killed has done in its last seconds is not noted: the next plan asks Ansible about it."""
_AT_ONCE = 8


class Notebook:
    """What is done, and not noted yet. A context manager: at its end all is noted.

    Args:
        knowledge: theirs.
        context: connections that may write.
        ended: told of each role that is noted.
    """

    def __init__(self, knowledge: Knowledge, context: RunContext, ended: Callable[[str, Outcome | InfraKitError], None]) -> None:
        """Empty."""
        self._knowledge = knowledge
        self._context = context
        self._ended = ended
        self._guard = threading.Lock()
        self._pending: dict[str, list[tuple[RoleOnHost, RoleResult]]] = defaultdict(list)
        self._noted: dict[str, list[RoleOnHost]] = defaultdict(list)
        self._over = threading.Event()
        self._writing = threading.Thread(target=self._write_now_and_then, name="notebook")

    def add(self, resource: RoleOnHost, result: RoleResult) -> None:
        """A role is done on its host."""
        with self._guard:
            self._pending[resource.host].append((resource, result))

    def __enter__(self) -> Self:
        """From now on notes are taken there."""
        self._writing.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Note the rest, and once more what later roles may have moved of what earlier ones look at."""
        self._over.set()
        self._writing.join()
        earlier = {host: list(own) for host, own in self._noted.items()}
        self._write()

        def again(host: str) -> None:
            try:
                self._knowledge.note(host, earlier[host], self._context)
            except DeviceError:
                return  # the next plan asks Ansible again

        _each(again, list(earlier))

    def _write_now_and_then(self) -> None:
        while not self._over.wait(_EVERY_S):
            self._write()

    def _write(self) -> None:
        with self._guard:
            pending, self._pending = self._pending, defaultdict(list)

        def note(host: str) -> None:
            own = [resource for resource, _ in pending[host]]
            try:
                self._knowledge.note(host, own, self._context)
            except InfraKitError as error:
                for each in own:
                    self._ended(each.id, error)
                return
            self._noted[host] += own
            for each, result in pending[host]:
                count = len(result.changes)
                words = f"{count} task{'' if count == 1 else 's'} changed something" if count else "nothing changed"
                self._ended(each.id, Outcome(message=words))

        _each(note, list(pending))


def _each(work: Callable[[str], None], hosts: list[str]) -> None:
    if hosts:
        with ThreadPoolExecutor(min(_AT_ONCE, len(hosts)), thread_name_prefix="note") as pool:
            list(pool.map(work, hosts))

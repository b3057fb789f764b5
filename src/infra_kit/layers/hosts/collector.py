"""From the events of a run to what each role came to on each host, told as soon as it is certain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.layers.hosts.result import RoleResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_INCLUDE = "include_role"


class Collector:
    """Hears the events of one run.

    A role has ended on all hosts when the next begins: hosts go in step, task by task, and a host that failed takes no further part.

    Args:
        wanted: host -> its roles in this run.
        order: all roles, in the order in which they run.
        ended: told host, role and result.
        says: told host, role and task as a task begins.
        check: in check mode a failure is noted and passed over.
    """

    def __init__(
        self,
        wanted: Mapping[str, Sequence[str]],
        order: Sequence[str],
        ended: Callable[[str, str, RoleResult], None],
        says: Callable[[str, str, str], None] = lambda *_: None,
        *,
        check: bool,
    ) -> None:
        """Nothing has happened."""
        self._order = order
        self._ended = ended
        self._says = says
        self._check = check
        self._left = {(host, role): RoleResult() for role in order for host in wanted if role in wanted[host]}
        self._out: dict[str, str] = {}
        """Host that takes no further part -> the role in which it failed; empty: before any."""

    @property
    def left(self) -> list[tuple[str, str]]:
        """What nothing is known of yet, or never will be: host and role."""
        return list(self._left)

    def out(self, host: str) -> str | None:
        """In which role the host dropped out; empty: before any; None: it did not."""
        return self._out.get(host)

    def hear(self, event: dict[str, Any]) -> None:
        """An event of the run."""
        match event["event"]:
            case "role":
                self._close(self._order[: self._order.index(event["role"])])
            case "task":
                for host, role in self._left:
                    if role == event["role"] and host not in self._out:
                        self._says(host, role, event["task"])
            case "result":
                self._take(event)
            case "stats":
                self._close(self._order)

    def _take(self, event: dict[str, Any]) -> None:
        host, role, status = event["host"], event["role"], event["status"]
        if event["action"].endswith(_INCLUDE) and status in {"ok", "skipped"}:
            return
        if not role:
            if status in {"failed", "unreachable"}:
                self._drop_out(event)
        elif (result := self._left.get((host, role))) is not None:
            result.take(event, check=self._check)
            if result.unreachable is not None:
                self._out[host] = role

    def _drop_out(self, event: dict[str, Any]) -> None:
        """A host that could not even be asked for its facts: none of its roles began."""
        self._out[event["host"]] = ""
        for host, role in self.left:
            if host == event["host"]:
                result = self._left.pop((host, role))
                result.take(event, check=False)
                self._ended(host, role, result)

    def _close(self, roles: Sequence[str]) -> None:
        for host, role in self.left:
            if role in roles and self._out.get(host, role) == role:
                result = self._left.pop((host, role))
                if result.failure is not None and not self._check:
                    self._out[host] = role
                self._ended(host, role, result)

"""Applying roles to hosts: which hosts go together, which one by one, and what is noted of those that are done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import InfraKitError
from infra_kit.layers.hosts.collector import Collector
from infra_kit.layers.hosts.fault import error_of
from infra_kit.layers.hosts.notebook import Notebook
from infra_kit.layers.hosts.ordering import names_of, ordered
from infra_kit.layers.hosts.runner.run import Ended, run
from infra_kit.plan.company import NotBegun
from infra_kit.plan.interruption import WaitInterruptedError
from infra_kit.plan.resource import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from infra_kit.layers.hosts.knowledge import Knowledge
    from infra_kit.layers.hosts.result import RoleResult
    from infra_kit.layers.hosts.wanted import RoleOnHost
    from infra_kit.plan.resource import Diff, Observed, RunContext

_AT_ONCE = 24


class Application:
    """One batch.

    Hosts on which nothing is disturbed go together in one run. One on which a change disturbs what runs there goes by itself, after them;
    where it fails, the others of its pool (masters, workers, ...) are left as they are. A role that was never applied to a host disturbs
    nothing there, unless it reboots or recreates.

    Args:
        knowledge: whose.
        changes: what was agreed to.
        context: connections that may write, consent.
        ended: told how each ended.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        changes: Sequence[tuple[RoleOnHost, Observed, Diff]],
        context: RunContext,
        ended: Callable[[str, Outcome | NotBegun | InfraKitError], None],
    ) -> None:
        """Nothing is sent."""
        self._knowledge = knowledge
        self._context = context
        self._ended = ended
        self._staged = {each.id for each, _, diff in changes if diff.disruption == "reboot" and not context.allow_reboot}
        self._changes = changes
        self._by_place = {(each.host, each.role.name): each for each, _, _ in changes}

    def run(self) -> None:
        """Carry the batch out."""
        failed_pools: set[str] = set()
        for hosts in self._runs():
            mine = [each for each, _, _ in self._changes if each.host in hosts]
            pool = self._pool(hosts[0])
            if self._context.interrupted():
                self._leave(mine, "the run was told to stop")
            elif len(hosts) == 1 and pool in failed_pools:
                self._leave(mine, f"another of the {pool}s failed: one that disturbs what runs there follows only where it went well")
            elif not self._apply(self._without_whole_reboots(mine)):
                failed_pools |= {self._pool(host) for host in hosts}

    def _runs(self) -> Iterator[list[str]]:
        """Hosts that go together, in the inventory's order."""
        loud = {each.host for each, observed, diff in self._changes if _disturbs(observed, diff) and each.id not in self._staged}
        hosts = dict.fromkeys(each.host for each, _, _ in self._changes)
        if quiet := [host for host in hosts if host not in loud]:
            yield quiet
        yield from ([host] for host in hosts if host in loud)

    def _pool(self, host: str) -> str:
        return str(self._knowledge.site.server_by_name[host].role)

    def _leave(self, resources: Sequence[RoleOnHost], reason: str) -> None:
        for each in resources:
            self._ended(each.id, NotBegun(reason))

    def _without_whole_reboots(self, resources: Sequence[RoleOnHost]) -> list[RoleOnHost]:
        """A role that is a reboot waits for consent; of another, the tasks that reboot are left out of the run."""
        waiting = {each.id for each in resources if each.id in self._staged and each.role.entry.disruption == "reboot"}
        for each in sorted(waiting):
            self._ended(each, Outcome("staged", "rebooting waits for --allow-reboot"))
        return [each for each in resources if each.id not in waiting]

    def _apply(self, resources: Sequence[RoleOnHost]) -> bool:
        """One run; says whether all went well."""
        order = ordered(self._knowledge, resources, self._context, check=False)
        for each, error in order.refused:
            self._ended(each.id, error)
        failed = self._begin(order.resources)
        if failed:
            order = ordered(self._knowledge, [each for each in order.resources if each.host not in failed], self._context, check=False)
        if not order.resources:
            return not (order.refused or failed)
        with Notebook(self._knowledge, self._context, self._ended) as notebook:

            def ended(host: str, role: str, result: RoleResult) -> None:
                resource = self._by_place[host, role]
                if result.failure is not None or result.unreachable is not None:
                    failed.append(host)
                    self._ended(resource.id, error_of(host, role, result, names_of(self._knowledge, resource, self._context)))
                elif resource.id in self._staged:
                    self._ended(resource.id, Outcome("staged", "applied but for the reboot, which waits for --allow-reboot"))
                else:
                    notebook.add(resource, result)

            collector = Collector(order.wanted, order.roles, ended, self._says, check=False)
            done = run(order.order, collector.hear, self._context.interrupted)
            self._account_for_the_rest(collector, done)
        return not failed and not collector.left

    def _begin(self, resources: Sequence[RoleOnHost]) -> list[str]:
        """Note on each host what is about to be changed; the hosts on which that failed get nothing."""

        def begin(host: str) -> str:
            own = [each for each in resources if each.host == host]
            try:
                self._knowledge.begin(host, own, self._context)
            except InfraKitError as error:
                for each in own:
                    self._ended(each.id, error)
                return host
            return ""

        hosts = list(dict.fromkeys(each.host for each in resources))
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="begin") as pool:
            return [host for host in pool.map(begin, hosts) if host]

    def _says(self, host: str, role: str, task: str) -> None:
        self._context.progress(self._by_place[host, role].id, task)

    def _account_for_the_rest(self, collector: Collector, done: Ended) -> None:
        begun: set[str] = set()
        for host, role in collector.left:
            resource = self._by_place[host, role]
            dropped = collector.out(host)
            if dropped is not None:
                self._ended(resource.id, NotBegun(f"role {dropped} failed on the same host"))
            elif self._context.interrupted() and host in begun:
                self._ended(resource.id, NotBegun("the run was told to stop"))
            elif self._context.interrupted():
                begun.add(host)
                remedy = "`infra-kit apply --resume` goes on from there"
                self._ended(resource.id, WaitInterruptedError(host, f"interrupted in or before role {role}", remedy=remedy))
            else:
                words = " ".join(done.printed.split())[-600:] or done.status
                self._ended(resource.id, InfraKitError(f"Ansible ended before it with status {done.code}: {words}", where=resource.id))


def _disturbs(observed: Observed, diff: Diff) -> bool:
    never = observed.state["standing"] in {"never", "begun"}
    return diff.disruption in {"reboot", "recreate"} or (diff.disruption != "none" and not never)

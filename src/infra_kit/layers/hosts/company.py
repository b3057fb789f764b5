"""All roles on all hosts of a site, read and applied together: one look a host, one run of Ansible for what the look cannot tell."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, Final, cast

from infra_kit.inventory.errors import DeviceError, InfraKitError
from infra_kit.layers.hosts.application import Application
from infra_kit.layers.hosts.checking import check
from infra_kit.layers.hosts.knowledge import Knowledge
from infra_kit.plan.resource import Observed, RunContext, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.layers.hosts.role import Roles
    from infra_kit.layers.hosts.wanted import Look, RoleOnHost, Wanted
    from infra_kit.plan.company import NotBegun
    from infra_kit.plan.resource import Diff, Outcome, ReadContext, Resource

_AT_ONCE = 24
"""Hosts that are looked at at once: most of the time goes into waiting for them."""
_CLEAN: Final[dict[str, Any]] = {"standing": "applied", "changes": [], "unknown": [], "failed": None, "disruption": "none"}
"""What is observed of a role that would change nothing, by whichever way that was found out."""


class HostsCompany:
    """See `infra_kit.plan.company.Company`. It keeps what check mode said while the look at the host stays the same.

    Args:
        site: the site.
        roles: what may be run.
    """

    def __init__(self, site: Site, roles: Roles) -> None:
        """Nothing is known of any host."""
        self.knowledge = Knowledge(site, roles)
        self._guard = threading.Lock()
        self._known: dict[str, tuple[Look, Wanted, Observed]] = {}
        """Id -> what check mode said, at which look, for which variables."""

    def read(
        self,
        resources: Sequence[Resource],
        context: ReadContext,
        found: Callable[[str, Observed | Unknown], None],
        called_off: Callable[[], bool],
    ) -> None:
        """Look at each host; let check mode tell of what the look cannot."""
        mine = cast("Sequence[RoleOnHost]", resources)
        looks, dark = self._look(mine, context, called_off)
        unclear: list[RoleOnHost] = []
        for each in mine:
            if each.host in dark:
                found(each.id, Unknown(dark[each.host]))
            elif each.id in looks and (state := self._by_look(each, looks[each.id], context)) is not None:
                found(each.id, state)
            elif each.id in looks:
                unclear.append(each)
        if unclear and not called_off():
            standings = {each.id: self.knowledge.wanted(each, context).standing(looks[each.id]) for each in unclear}

            def told(resource: RoleOnHost, state: Observed | Unknown) -> None:
                if isinstance(state, Observed):
                    with self._guard:
                        self._known[resource.id] = (looks[resource.id], self.knowledge.wanted(resource, context), state)
                found(resource.id, state)

            check(self.knowledge, unclear, standings, context, told, called_off)

    def apply(
        self,
        changes: Sequence[tuple[Resource, Observed, Diff]],
        context: RunContext,
        ended: Callable[[str, Outcome | NotBegun | InfraKitError], None],
    ) -> None:
        """Apply what was agreed to; see `Application`."""
        for resource, _, _ in changes:
            with self._guard:
                self._known.pop(resource.id, None)
        Application(
            self.knowledge, [(cast("RoleOnHost", resource), observed, diff) for resource, observed, diff in changes], context, ended
        ).run()

    def remember(self, resources: Sequence[Resource], context: RunContext) -> None:
        """Note on the hosts what check mode found in place, so that the next look is enough."""
        of_host: dict[str, list[RoleOnHost]] = defaultdict(list)
        for each in cast("Sequence[RoleOnHost]", resources):
            known = self._known.get(each.id)
            if known is not None and known[1].standing(known[0]) != "applied":
                of_host[each.host].append(each)

        def note(host: str) -> None:
            with contextlib.suppress(DeviceError):  # the next plan asks Ansible again
                self.knowledge.note(host, of_host[host], context)

        if of_host:
            with ThreadPoolExecutor(min(_AT_ONCE, len(of_host)), thread_name_prefix="note") as pool:
                list(pool.map(note, of_host))

    def _look(
        self, resources: Sequence[RoleOnHost], context: ReadContext, called_off: Callable[[], bool]
    ) -> tuple[dict[str, Look], dict[str, str]]:
        """What is found of each, and why of some hosts nothing is."""
        of_host: dict[str, list[RoleOnHost]] = defaultdict(list)
        for each in resources:
            of_host[each.host].append(each)
        looks: dict[str, Look] = {}
        dark: dict[str, str] = {}
        with ThreadPoolExecutor(min(_AT_ONCE, len(of_host)), thread_name_prefix="look") as pool:
            asked = {pool.submit(self.knowledge.look_at, host, own, context): host for host, own in of_host.items()}
            for future in as_completed(asked):
                if called_off():
                    pool.shutdown(wait=False, cancel_futures=True)
                    break
                try:
                    looks |= future.result()
                except DeviceError as error:
                    dark[asked[future]] = str(error)
        return looks, dark

    def _by_look(self, resource: RoleOnHost, look: Look, context: ReadContext) -> Observed | None:
        """What is known without asking Ansible."""
        wanted = self.knowledge.wanted(resource, context)
        if not context.full and wanted.standing(look) == "applied":
            noted = look.noted
            return Observed(
                _CLEAN, remark=f"as {noted['run']} of {noted['date']} left it; a cheap look found nothing moved (--full checks all)"
            )
        known = self._known.get(resource.id)
        if known is None or known[1] != wanted:
            return None
        # What is to be applied whatever the host looks like is not checked once more because an earlier role has changed the host.
        agreed = isinstance(context, RunContext) and wanted.standing(look) not in {"applied", "moved"}
        return known[2] if agreed or known[0] == look else None

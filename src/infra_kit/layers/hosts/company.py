"""All roles on all hosts of a site, read and applied together: one look a host, one run of Ansible for what the look cannot tell."""

from __future__ import annotations

import datetime as dt
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, Final, cast

from infra_kit.inventory.errors import DeviceError, InfraKitError
from infra_kit.layers.hosts.application import Application
from infra_kit.layers.hosts.checking import check
from infra_kit.layers.hosts.remote.client import HostReader, HostWriter
from infra_kit.layers.hosts.wanted import Look, Wanted, Wants
from infra_kit.plan.resource import NotBegun, Observed, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.layers.hosts.resource import HostRole
    from infra_kit.layers.hosts.role import Roles
    from infra_kit.plan.resource import Diff, Outcome, ReadContext, Resource, RunContext

_AT_ONCE = 24
"""Hosts that are looked at at once: most of the time goes into waiting for them."""
_CLEAN: Final[dict[str, Any]] = {"standing": "applied", "changes": [], "unknown": [], "failed": None, "disruption": "none"}
"""What is observed of a role that would change nothing, by whichever way that was found out."""


class HostsCompany:
    """See `infra_kit.plan.resource.Company`. It keeps what check mode said while the look at the host stays the same.

    Args:
        site: the site.
        roles: what may be run.
    """

    def __init__(self, site: Site, roles: Roles) -> None:
        """Nothing is known of any host."""
        self.site = site
        self.roles = roles
        self.wants = Wants(site)
        self._guard = threading.Lock()
        self._known: dict[str, tuple[Look, Wanted, Observed]] = {}
        """Id -> what check mode said, at which look, for which variables."""
        self._failed: dict[str, tuple[str, ...]] = {}

    def wanted(self, resource: HostRole, context: ReadContext) -> Wanted:
        """The role as the host is to have it."""
        return self.wants.of(resource.role, resource.host, context.connections.access.stand_in)

    def read(
        self,
        resources: Sequence[Resource],
        context: ReadContext,
        found: Callable[[str, Observed | Unknown], None],
        called_off: Callable[[], bool],
    ) -> None:
        """Look at each host; let check mode tell of what the look cannot."""
        mine = cast("Sequence[HostRole]", resources)
        looks, dark = self._look(mine, context, called_off)
        unclear: list[HostRole] = []
        for each in mine:
            if each.host in dark:
                found(each.id, Unknown(dark[each.host]))
            elif each.id in looks and (state := self._by_look(each, looks[each.id], context)) is not None:
                found(each.id, state)
            elif each.id in looks:
                unclear.append(each)
        if unclear and not called_off():
            standings = {each.id: self.wanted(each, context).standing(looks[each.id]) for each in unclear}

            def told(resource: HostRole, state: Observed | Unknown) -> None:
                if isinstance(state, Observed):
                    with self._guard:
                        self._known[resource.id] = (looks[resource.id], self.wanted(resource, context), state)
                found(resource.id, state)

            check(self, unclear, standings, context, told, called_off)

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
        Application(self, [(cast("HostRole", resource), observed, diff) for resource, observed, diff in changes], context, ended).run()

    def remember(self, resources: Sequence[Resource], context: RunContext) -> None:
        """Note on the hosts what check mode found in place, so that the next look is enough."""
        notes: dict[str, dict[str, tuple[Wanted, str]]] = defaultdict(dict)
        for each in cast("Sequence[HostRole]", resources):
            known = self._known.get(each.id)
            if known is not None and known[1].standing(known[0]) != "applied":
                notes[each.host][each.role.name] = (known[1], known[0].fingerprint)
        if notes:
            with ThreadPoolExecutor(min(_AT_ONCE, len(notes)), thread_name_prefix="note") as pool:
                list(pool.map(lambda host: self._try_to_note(host, notes[host], context), notes))

    def note(self, host: str, notes: Mapping[str, tuple[Wanted, str]], context: RunContext) -> None:
        """Note on a host what it has: role -> what was wanted, and the fingerprint.

        Raises:
            DeviceError: the host cannot be asked, or the note cannot be written there.
        """
        run, date = context.folder.name, f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}"
        writer = context.connections.client(host, "ssh", HostWriter, HostWriter.open)
        writer.note({role: wanted.note(fingerprint, run, date) for role, (wanted, fingerprint) in notes.items()})

    def look_at(self, host: str, resources: Iterable[HostRole], context: ReadContext) -> dict[str, Look]:
        """Look at some roles of one host: id -> what was found.

        Raises:
            DeviceError: it cannot be asked.
        """
        own = list(resources)
        reader = context.connections.client(host, "ssh", HostReader, HostReader.open)
        answer = reader.look({each.role.name: each.role.probe.model_dump() for each in own})
        looks = {}
        for each in own:
            seen = answer["roles"][each.role.name]
            looks[each.id] = Look(answer["applied"].get(each.role.name, {}), seen["fingerprint"], tuple(seen["failed"]))
            self._failed[each.id] = tuple(seen["failed"])
        return looks

    def failed_units(self, resource: HostRole) -> tuple[str, ...]:
        """The role's units that had failed at the last look."""
        return self._failed.get(resource.id, ())

    def _look(
        self, resources: Sequence[HostRole], context: ReadContext, called_off: Callable[[], bool]
    ) -> tuple[dict[str, Look], dict[str, str]]:
        """What is found of each, and why of some hosts nothing is."""
        of_host: dict[str, list[HostRole]] = defaultdict(list)
        for each in resources:
            of_host[each.host].append(each)
        looks: dict[str, Look] = {}
        dark: dict[str, str] = {}
        with ThreadPoolExecutor(min(_AT_ONCE, len(of_host)), thread_name_prefix="look") as pool:
            asked = {pool.submit(self.look_at, host, own, context): host for host, own in of_host.items()}
            for future in as_completed(asked):
                if called_off():
                    pool.shutdown(wait=False, cancel_futures=True)
                    break
                try:
                    looks |= future.result()
                except DeviceError as error:
                    dark[asked[future]] = str(error)
        return looks, dark

    def _by_look(self, resource: HostRole, look: Look, context: ReadContext) -> Observed | None:
        """What is known without asking Ansible."""
        wanted = self.wanted(resource, context)
        if not context.full and wanted.standing(look) == "applied":
            noted = look.noted
            return Observed(
                _CLEAN, remark=f"as {noted['run']} of {noted['date']} left it; a cheap look found nothing moved (--full checks all)"
            )
        known = self._known.get(resource.id)
        return known[2] if known is not None and known[:2] == (look, wanted) else None

    def _try_to_note(self, host: str, notes: Mapping[str, tuple[Wanted, str]], context: RunContext) -> None:
        try:
            self.note(host, notes, context)
        except DeviceError:
            return  # the next plan asks Ansible again

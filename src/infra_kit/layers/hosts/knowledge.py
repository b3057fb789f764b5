"""What is known of a site's hosts: what each is to have, and what the last look at it found."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from infra_kit.layers.hosts.remote.client import HostReader, HostWriter
from infra_kit.layers.hosts.wanted import Look, Wanted, Wants

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.layers.hosts.role import Roles
    from infra_kit.layers.hosts.wanted import RoleOnHost
    from infra_kit.plan.resource import ReadContext, RunContext


class Knowledge:
    """Looks at hosts and notes there what they have. Called from many threads, for each host from one at a time.

    Args:
        site: the site.
        roles: what may be run.
    """

    def __init__(self, site: Site, roles: Roles) -> None:
        """Nothing is known of any host."""
        self.site = site
        self.roles = roles
        self._wants = Wants(site)
        self._seen: dict[str, Look] = {}

    def wanted(self, resource: RoleOnHost, context: ReadContext) -> Wanted:
        """The role as the host is to have it."""
        return self._wants.of(resource.role, resource.host, context.connections.access.stand_in)

    def note(self, host: str, resources: Sequence[RoleOnHost], context: RunContext) -> None:
        """Look at some roles of one host, and note there that it has them, as they look now.

        Raises:
            DeviceError: the host cannot be asked, or the note cannot be written there.
        """
        run, date = context.folder.name, f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}"
        writer = context.connections.client(host, "ssh", HostWriter, HostWriter.open)
        answer = writer.note(_probes(resources), {each.role.name: self.wanted(each, context).note(run, date) for each in resources})
        self._looks(resources, answer)

    def look_at(self, host: str, resources: Sequence[RoleOnHost], context: ReadContext) -> dict[str, Look]:
        """Look at some roles of one host: id -> what was found.

        Raises:
            DeviceError: it cannot be asked.
        """
        reader = context.connections.client(host, "ssh", HostReader, HostReader.open)
        return self._looks(resources, reader.look(_probes(resources)))

    def _looks(self, resources: Sequence[RoleOnHost], answer: Mapping[str, Any]) -> dict[str, Look]:
        looks = {}
        for each in resources:
            seen = answer["roles"][each.role.name]
            looks[each.id] = Look(answer["applied"].get(each.role.name, {}), seen["fingerprint"], tuple(seen["failed"]))
        self._seen |= looks
        return looks

    def failed_units(self, resource: RoleOnHost) -> tuple[str, ...]:
        """The role's units that had failed at the last look."""
        look = self._seen.get(resource.id)
        return () if look is None else look.failed

    def begin(self, host: str, resources: Sequence[RoleOnHost], context: RunContext) -> None:
        """Note on a host, before anything is changed there, what is about to be: a run that is killed cannot say so afterwards.

        Raises:
            DeviceError: the host cannot be asked, or the note cannot be written there.
        """
        writer = context.connections.client(host, "ssh", HostWriter, HostWriter.open)
        run = context.folder.name
        writer.note({}, {each.role.name: self.wanted(each, context).beginning(self._seen.get(each.id), run) for each in resources})


def _probes(resources: Iterable[RoleOnHost]) -> dict[str, Any]:
    return {each.role.name: each.role.probe.model_dump() for each in resources}

"""The hosts layer: every role on every host that gets it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from infra_kit.layers.hosts.rendering import rendered
from infra_kit.layers.hosts.role import shipped_roles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.layers.hosts.resource import HostRole
    from infra_kit.layers.hosts.role import Role, Roles, Stage
    from infra_kit.plan.resource import Created, Resource


class HostsLayer:
    """Hosts by Ansible, in stages.

    A host's roles of one stage are handed over together, and run in the order of roles.yaml. Of the control plane, one master follows
    another, and none one that failed or could not be read. Workers join, and are upgraded, once every master is done: a kubelet must not be
    newer than any API server. `--target` leaves out who is not meant: a worker can be added while a master is down.
    """

    name = "hosts"
    after: tuple[str, ...] = ("bmc", "fabric", "storage")
    concurrency = 100_000
    """All at once: they are handed over together, and forks bound how many hosts are worked on."""

    def __init__(self, roles: Roles | None = None) -> None:
        """The shipped roles, unless others are given."""
        self._roles = roles

    @property
    def roles(self) -> Roles:
        """What may be run."""
        return self._roles or shipped_roles()

    def resources(self, site: Site) -> Sequence[HostRole]:
        """One a role and host, in the order of the roles."""
        from infra_kit.layers.hosts.company import HostsCompany
        from infra_kit.layers.hosts.resource import HostRole

        company = HostsCompany(site, self.roles)
        members = [(role, server.name) for role in self.roles.roles for server in site.servers if role.is_for(site, server)]
        needs = _Needs(site, members)
        return [HostRole(role, host, company, company.knowledge, needs.of(role, host)) for role, host in members]

    def leftovers(self, site: Site, created: Sequence[Created]) -> Sequence[Resource]:
        """Nothing: roles are applied, never created, and none can be taken back; a host that left the inventory is not touched."""
        del site, created
        return ()

    def render(self, site: Site) -> Mapping[str, str]:
        """`hosts/inventory.yaml`, `hosts/playbook.yaml`, and `hosts/host_vars/NAME.yaml` for every host."""
        return rendered(site, self.roles)


class _Needs:
    """What must be in place before a role on a host."""

    def __init__(self, site: Site, members: Sequence[tuple[Role, str]]) -> None:
        self._by_stage: dict[Stage, list[tuple[str, str]]] = defaultdict(list)
        for role, host in members:
            self._by_stage[role.entry.stage].append((host, f"hosts/{role.name}/{host}"))
        self._masters = list(site.kubernetes.control_plane) if site.kubernetes else []

    def of(self, role: Role, host: str) -> frozenset[str]:
        """The ids."""
        if role.entry.stage == "prepare":
            return frozenset()
        prepared = {each for name, each in self._by_stage["prepare"] if name == host}
        masters = self._by_stage["control_plane"]
        if role.entry.stage == "workers":
            return frozenset(prepared | {each for _, each in masters})
        earlier = self._masters[: self._masters.index(host)] if host in self._masters else []
        return frozenset(prepared | {each for name, each in masters if name in earlier})


LAYER = HostsLayer()

"""From resources to the order of one run of Ansible: who is reached where, with which roles, variables and secrets."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import InfraKitError
from infra_kit.layers.hosts.facts import HostFacts
from infra_kit.layers.hosts.rendering import RUN, inventory_of_run, playbook
from infra_kit.layers.hosts.runner.order import Order
from infra_kit.layers.hosts.runner.run import forks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_kit.inventory.access import Access, Endpoint
    from infra_kit.layers.hosts.knowledge import Knowledge
    from infra_kit.layers.hosts.wanted import RoleOnHost
    from infra_kit.plan.resource import ReadContext

_REBOOTS = "disruption_reboot"


@dataclass(frozen=True, slots=True)
class Ordered:
    """One run.

    Args:
        order: what Ansible's process is told.
        resources: what is in it, in the order of their roles.
        refused: what is not, as a secret of it does not resolve.
    """

    order: Order
    resources: tuple[RoleOnHost, ...]
    refused: tuple[tuple[RoleOnHost, InfraKitError], ...]

    @property
    def wanted(self) -> dict[str, list[str]]:
        """Host -> its roles, in their order."""
        found: dict[str, list[str]] = defaultdict(list)
        for each in self.resources:
            found[each.host].append(each.role.name)
        return dict(found)

    @property
    def roles(self) -> list[str]:
        """All roles, in their order."""
        return list(dict.fromkeys(each.role.name for each in self.resources))


def ordered(knowledge: Knowledge, resources: Sequence[RoleOnHost], context: ReadContext, *, check: bool) -> Ordered:
    """Make the order of a run.

    Args:
        knowledge: whose roles and variables.
        resources: of one or many hosts.
        context: connections; a RunContext where it is to change anything.
        check: change nothing.
    """
    access = context.connections.access
    places = {role.name: place for place, role in enumerate(knowledge.roles.roles)}
    secrets: dict[str, str] = {}
    passwords: dict[str, str] = {}
    hosts: dict[str, dict[str, Any]] = {}
    taken: list[RoleOnHost] = []
    refused: list[tuple[RoleOnHost, InfraKitError]] = []
    for each in sorted(resources, key=lambda each: places[each.role.name]):
        wanted = knowledge.wanted(each, context)
        try:
            secrets |= {reference: access.secrets.resolve(reference).get_secret_value() for reference in wanted.secrets}
            endpoint = access.endpoint(each.host, "ssh")
            passwords[each.host] = endpoint.password().get_secret_value()
        except InfraKitError as error:
            refused.append((each, error))
            continue
        own = hosts.setdefault(each.host, _reached(endpoint))
        own["infra_kit_roles"].append(each.role.name)
        if each.id in getattr(context, "allow_wipe", ()):
            own["infra_kit_allow_wipe"].append(each.role.name)
        own.update(wanted.variables)
        taken.append(each)
    roles = [role for role in knowledge.roles.roles if any(role.name == each.role.name for each in taken)]
    order = Order(
        folder="",
        playbooks=str(knowledge.roles.folder),
        playbook=playbook(roles, knowledge.roles.facts, check=check, hosts=RUN, validate=False),
        inventory=inventory_of_run(hosts, _asked(knowledge, access, passwords)),
        secrets=secrets,
        passwords=passwords,
        check=check,
        forks=forks(len(hosts)),
        skip_tags=() if check or getattr(context, "allow_reboot", False) else (_REBOOTS,),
    )
    return Ordered(order, tuple(taken), tuple(refused))


def names_of(knowledge: Knowledge, resource: RoleOnHost, context: ReadContext) -> dict[str, str]:
    """What the remedies of faults name."""
    access = context.connections.access
    endpoint = access.endpoint(resource.host, "ssh")
    facts = HostFacts(knowledge.site, knowledge.site.server_by_name[resource.host], access.stand_in)
    return {"user": endpoint.user, "known_hosts": str(endpoint.known_hosts), "packages": facts.packages}


def _asked(knowledge: Knowledge, access: Access, passwords: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The masters that the run is not for: a node that joins, or is to be drained, is so by the word of one of them."""
    kubernetes = knowledge.site.kubernetes
    found: dict[str, dict[str, Any]] = {}
    for name in kubernetes.control_plane if kubernetes else ():
        if name not in passwords:
            # Who cannot be reached is not asked; a task that needs just this one says so.
            with suppress(InfraKitError):
                endpoint = access.endpoint(name, "ssh")
                password = endpoint.password().get_secret_value()
                found[name] = {key: value for key, value in _reached(endpoint).items() if not key.startswith("infra_kit_")}
                passwords[name] = password
    return found


def _reached(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "ansible_host": endpoint.host,
        "ansible_port": endpoint.port,
        "ansible_user": endpoint.user,
        "ansible_ssh_common_args": f"-o UserKnownHostsFile='{endpoint.known_hosts}' -o GlobalKnownHostsFile=/dev/null -o LogLevel=ERROR",
        # What Mitogen, which keeps the interpreters, puts before the arguments above.
        "mitogen_ssh_compression": False,
        "mitogen_ssh_keepalive_interval": 15,
        "mitogen_ssh_keepalive_count": 4,
        "mitogen_mask_remote_name": True,
        "infra_kit_roles": [],
        "infra_kit_allow_wipe": [],
    }

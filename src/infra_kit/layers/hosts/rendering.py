"""From the site to what Ansible is given: host variables, inventory, plays. No secret is in any of it: references stand in their place."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from infra_kit.layers.hosts.facts import HostFacts
from infra_kit.layers.hosts.runner.yaml_text import Template, dumped
from infra_kit.layers.hosts.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.layers.hosts.role import Role, Roles

RUN = "run"
"""The group of the hosts that a run is for."""
ROLE_TASK = "infra-kit role "
"""How the task that includes a role is named: the events of a run say by it which role they are of."""
_HEAD = "# Made by `infra-kit render` from the site. What infra-kit gives to Ansible is the same, with the secrets beside it.\n"


def variables(role: Role, facts: HostFacts) -> dict[str, Any]:
    """The role's variables on a host as Ansible gets them: a secret is an expression that looks it up."""
    found: dict[str, Any] = _templated(role.variables(facts))
    return found


def references(value: Any) -> Iterator[str]:
    """The secret references within variables."""
    if isinstance(value, Secret):
        yield value.reference
    elif isinstance(value, dict):
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from references(each)


def digest(value: Mapping[str, Any]) -> str:
    """`sha256:` over variables. A secret counts by its reference: that the value behind it has changed, only `--full` sees."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def playbook(roles: Sequence[Role], subsets: Sequence[str], *, check: bool, hosts: str = "all", validate: bool = True) -> str:
    """One play over some hosts, for all roles: a host that fails drops out, and the others go on.

    A play a role would end the whole run where all of that role's hosts fail.

    Args:
        roles: in their order; each host takes those that its `infra_kit_roles` names.
        subsets: of the facts that are gathered, once.
        check: failures are noted and passed over, so that all is looked at.
        hosts: whom it is for.
        validate: have each role compare its variables with its argument specification first: a task more on each host. Those that
            infra-kit itself makes, it makes by the specification.
    """
    tasks: list[dict[str, Any]] = []
    for role in roles:
        include: dict[str, Any] = {"name": role.name}
        if not validate:
            include["rolespec_validate"] = False
        if check:
            include["apply"] = {"ignore_errors": True}
        tasks.append(
            {
                "name": f"{ROLE_TASK}{role.name}",
                "ansible.builtin.include_role": include,
                "when": f"'{role.name}' in infra_kit_roles",
                "tags": ["always"],
            }
        )
        if (role.folder / "handlers").is_dir():
            tasks.append({"name": f"Handlers of {role.name}", "ansible.builtin.meta": "flush_handlers"})
    play = {
        "name": "hosts",
        "hosts": hosts,
        "become": True,
        "gather_facts": True,
        "gather_subset": ["!all", "!min", *subsets],
        "tasks": tasks,
    }
    return dumped([play])


def inventory(hosts: Mapping[str, Mapping[str, Any]], common: Mapping[str, Any] | None = None) -> str:
    """Hosts with all their variables in one file."""
    return dumped({"all": {"vars": dict(common or {}), "hosts": _hosts(hosts)}})


def inventory_of_run(hosts: Mapping[str, Mapping[str, Any]], others: Mapping[str, Mapping[str, Any]]) -> str:
    """The hosts of one run, in the group RUN, and beside them those whom its tasks may ask something."""
    return dumped({"all": {"hosts": _hosts(others), "children": {RUN: {"hosts": _hosts(hosts)}}}})


def _hosts(hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: dict(each) for name, each in hosts.items()}


def rendered(site: Site, roles: Roles) -> dict[str, str]:
    """`hosts/inventory.yaml`, `hosts/playbook.yaml` and `hosts/host_vars/NAME.yaml`, for a person to read, or to run by hand."""
    user = site.credential_by_name[site.operating_system.ssh_credential].user
    files: dict[str, str] = {}
    hosts: dict[str, dict[str, Any]] = {}
    for server in site.servers:
        facts = HostFacts(site, server)
        own = [role for role in roles.roles if role.is_for(site, server)]
        hosts[server.name] = {"ansible_host": facts.address}
        values = {"infra_kit_roles": [role.name for role in own]}
        for role in own:
            values |= variables(role, facts)
        files[f"hosts/host_vars/{server.name}.yaml"] = _HEAD + dumped(values)
    return {
        "hosts/inventory.yaml": _HEAD + inventory(hosts, {"ansible_user": user}),
        "hosts/playbook.yaml": _HEAD + playbook(roles.roles, roles.facts, check=False),
        **files,
    }


def _templated(value: Any) -> Any:
    if isinstance(value, Secret):
        return Template(f"{{{{ infra_kit_secrets[{value.reference!r}] }}}}")
    if isinstance(value, dict):
        return {key: _templated(each) for key, each in value.items()}
    return [_templated(each) for each in value] if isinstance(value, list | tuple) else value

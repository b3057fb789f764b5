"""What roles are wanted on which hosts, with which variables; and how that stands beside what a host has noted."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from infra_kit.layers.hosts.facts import HostFacts
from infra_kit.layers.hosts.rendering import digest, references, variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.access import StandIn
    from infra_kit.inventory.models.site import Site
    from infra_kit.layers.hosts.role import Role

Standing = Literal["applied", "moved", "role", "variables", "never", "begun", "interrupted"]
"""Of a role on a host: as it was applied; what it made looks different now; the role, or its variables, have changed; never applied;
begun for the first time, or once more, by a run that did not end it."""


class RoleOnHost(Protocol):
    """A role on a host: a resource of the layer."""

    @property
    def id(self) -> str:
        """`hosts/ROLE/HOST`."""
        ...

    @property
    def role(self) -> Role:
        """The role."""
        ...

    @property
    def host(self) -> str:
        """The host's name."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """What a cheap look found of one role on one host."""

    noted: Mapping[str, Any]
    """What infra-kit noted when it applied the role; empty: never."""
    fingerprint: str
    failed: tuple[str, ...] = ()
    """The role's units that have failed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A role as a host is to have it."""

    role: Role
    variables: Mapping[str, Any]
    secrets: frozenset[str]
    digest: str
    """Over the variables."""

    def standing(self, look: Look) -> Standing:
        """How the host stands to it, as far as a cheap look tells."""
        noted = look.noted
        if not noted:
            return "never"
        if "begun" in noted:
            return "interrupted" if "role" in noted else "begun"
        if noted.get("role") != self.role.digest:
            return "role"
        if noted.get("variables") != self.digest:
            return "variables"
        return "applied" if noted.get("fingerprint") == look.fingerprint else "moved"

    @staticmethod
    def beginning(look: Look | None, run: str) -> dict[str, str]:
        """What the host is to note before it gets it: what it had, and that this is being changed."""
        had = {} if look is None else {key: value for key, value in look.noted.items() if key != "fingerprint"}
        return {**had, "begun": run}

    def note(self, run: str, date: str) -> dict[str, str]:
        """What the host is to note once it has it; the fingerprint is added there."""
        return {"role": self.role.digest, "variables": self.digest, "run": run, "date": date}


class Wants:
    """What is wanted of a site's hosts. Variables are made when they are first asked for: a stand-in's differ."""

    def __init__(self, site: Site) -> None:
        """Nothing is made yet."""
        self._site = site
        self._guard = threading.Lock()
        self._made: dict[tuple[str, str, StandIn | None], Wanted] = {}

    def of(self, role: Role, host: str, stand_in: StandIn | None) -> Wanted:
        """The role as that host is to have it."""
        key = (role.name, host, stand_in)
        with self._guard:
            if key not in self._made:
                facts = HostFacts(self._site, self._site.server_by_name[host], stand_in)
                values = variables(role, facts)
                self._made[key] = Wanted(role, values, frozenset(references(role.variables(facts))), digest(values))
            return self._made[key]

"""The table of the workspace's services: what the components and the namespaces' rules must know of one another."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

from infra_kit.inventory.errors import ProgramError
from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import CpuQuantity, MemoryQuantity, Name, PositiveCount

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace

Outside = Literal["api-server", "directory", "identity-provider", "mail", "sessions", "object-store", "lineage"]


class Service(Noun):
    """One row of the table; the file itself explains the fields."""

    name: Name
    pods: str = ""
    """Whose pods it is a port of; empty: its own."""
    port: int = 0
    callers: list[str] = []
    outside: list[Outside] = []
    replicas: PositiveCount = 1
    when: Literal["", "experiments", "spark", "saml", "lineage", "mail"] = ""
    cpu: CpuQuantity = "0"
    """What one replica requests."""
    memory: MemoryQuantity = "0"
    """What one replica requests and may use at most."""

    @property
    def application(self) -> str:
        """The label `app.kubernetes.io/name` of its pods."""
        return self.pods or self.name


class Table(Noun):
    """Everything in `data/services.yaml`."""

    services: list[Service]
    databases: list[Name]
    data_ports: dict[str, list[int]]


@cache
def table() -> Table:
    """The table as it is shipped."""
    import yaml

    text = resources.files(__package__).joinpath("data/services.yaml").read_text(encoding="utf-8")
    return Table.model_validate(yaml.safe_load(text))


def service(name: str) -> Service:
    """One service of the table.

    Raises:
        ProgramError: there is none of that name.
    """
    for row in table().services:
        if row.name == name:
            return row
    raise ProgramError(f"no workspace service `{name}` in data/services.yaml", remedy="add a row for it")


def services_of(site: Site, workspace: Workspace) -> list[Service]:
    """The services that this workspace has, in the table's order."""
    wanted = {
        "": True,
        "experiments": workspace.experiments,
        "spark": workspace.spark.enabled,
        "saml": site.kubernetes is not None and site.kubernetes.identity.saml is not None,
        "lineage": workspace.lineage is not None,
        "mail": bool(site.monitoring and site.monitoring.mail_relay),
    }
    return [row for row in table().services if wanted[row.when]]

"""A whole site: every section of its files in one immutable object, with look-ups by name."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from pydantic import PrivateAttr

from infra_kit.inventory.catalog import Catalog
from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.models.bios import BiosProfile
from infra_kit.inventory.models.cluster import Cluster
from infra_kit.inventory.models.credential import Credential
from infra_kit.inventory.models.fabric import Fabric
from infra_kit.inventory.models.identity import Services, SiteIdentity, Trust
from infra_kit.inventory.models.kubernetes import Kubernetes
from infra_kit.inventory.models.monitoring import Monitoring
from infra_kit.inventory.models.network import Network
from infra_kit.inventory.models.operating_system import OperatingSystem
from infra_kit.inventory.models.rack import Rack
from infra_kit.inventory.models.server import Server, ServerProfile
from infra_kit.inventory.models.storage import Storage
from infra_kit.inventory.models.switch import Switch
from infra_kit.inventory.models.team import Team
from infra_kit.inventory.models.workspaces import Workspace


class Site(Noun):
    """The typed description from which everything else follows. Made by `infra_kit.inventory.load`."""

    site: SiteIdentity
    services: Services
    trust: Trust = Trust()
    credentials: list[Credential]
    networks: list[Network]
    racks: list[Rack]
    server_profiles: list[ServerProfile]
    servers: list[Server]
    fabric: Fabric
    switches: list[Switch]
    storage: Storage | None = None
    operating_system: OperatingSystem
    bios_profiles: list[BiosProfile] = []
    cluster: Cluster | None = None
    kubernetes: Kubernetes | None = None
    teams: list[Team] = []
    workspaces: list[Workspace] = []
    monitoring: Monitoring | None = None

    _catalog: Catalog = PrivateAttr()
    _folder: Path = PrivateAttr()
    _digest: str = PrivateAttr()

    @property
    def catalog(self) -> Catalog:
        """The hardware facts: those shipped and those the site adds."""
        return self._catalog

    @property
    def folder(self) -> Path:
        """The folder the site was loaded from."""
        return self._folder

    @property
    def digest(self) -> str:
        """`sha256:` over the parsed content of the site's files; comments and order of keys do not move it."""
        return self._digest

    @cached_property
    def server_by_name(self) -> dict[str, Server]:
        """Servers by name."""
        return {server.name: server for server in self.servers}

    @cached_property
    def switch_by_name(self) -> dict[str, Switch]:
        """Switches by name."""
        return {switch.name: switch for switch in self.switches}

    @cached_property
    def network_by_name(self) -> dict[str, Network]:
        """Networks by name."""
        return {network.name: network for network in self.networks}

    @cached_property
    def rack_by_name(self) -> dict[str, Rack]:
        """Racks by name."""
        return {rack.name: rack for rack in self.racks}

    @cached_property
    def profile_by_name(self) -> dict[str, ServerProfile]:
        """Server profiles by name."""
        return {profile.name: profile for profile in self.server_profiles}

    @cached_property
    def team_by_name(self) -> dict[str, Team]:
        """Teams by name."""
        return {team.name: team for team in self.teams}

    @cached_property
    def workspace_by_name(self) -> dict[str, Workspace]:
        """Workspaces by name."""
        return {workspace.name: workspace for workspace in self.workspaces}

    @cached_property
    def credential_by_name(self) -> dict[str, Credential]:
        """Credentials by name."""
        return {credential.name: credential for credential in self.credentials}

"""What a role's variables are made from: one host of the site, seen from that host."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import InventoryError
from infra_kit.inventory.hosts import management_address

if TYPE_CHECKING:
    from infra_kit.inventory.access import StandIn
    from infra_kit.inventory.models.kubernetes import Kubernetes
    from infra_kit.inventory.models.network import Network
    from infra_kit.inventory.models.operating_system import OperatingSystem
    from infra_kit.inventory.models.server import Bond, Server, ServerProfile
    from infra_kit.inventory.models.site import Site


@dataclass(frozen=True)
class HostFacts:
    """One host of a site.

    Args:
        site: the site, free of errors.
        server: the server that the host is.
        stand_in: what the host is where the inventory says otherwise: in a lab. None: as it says (rendered files, live hosts).
    """

    site: Site
    server: Server
    stand_in: StandIn | None = None

    @property
    def name(self) -> str:
        """The host's name in the inventory."""
        return self.server.name

    @property
    def os(self) -> OperatingSystem:
        """The site's operating-system section. Family, release and mirror are asked for here below, for a stand-in has its own."""
        return self.site.operating_system

    @property
    def family(self) -> str:
        """`rhel` or `debian`."""
        return self.stand_in.family if self.stand_in else self.os.family

    @property
    def release(self) -> str:
        """Of the operating system, such as `8.8` or `12`."""
        return self.stand_in.release if self.stand_in else self.os.release

    @property
    def packages(self) -> str:
        """URL of the package mirror."""
        return self.stand_in.packages if self.stand_in else self.os.mirror

    @property
    def registry(self) -> str:
        """`HOST[:PORT][/PATH]` in front of every image name; empty: the images' own registries."""
        if self.stand_in:
            return self.stand_in.registry
        return self.site.kubernetes.registry_mirror if self.site.kubernetes else ""

    @property
    def profile(self) -> ServerProfile:
        """What the server has inside."""
        return self.site.profile_by_name[self.server.profile]

    @property
    def kubernetes(self) -> Kubernetes:
        """The site's Kubernetes section; only for roles whose hosts are nodes.

        Raises:
            InventoryError: the site has none.
        """
        if self.site.kubernetes is None:
            raise InventoryError("the site has no Kubernetes section", where=self.name, remedy="add `kubernetes` to the site")
        return self.site.kubernetes

    @property
    def is_control_plane(self) -> bool:
        """Whether it is a node of the Kubernetes control plane."""
        return self.site.kubernetes is not None and self.name in self.site.kubernetes.control_plane

    @property
    def is_kubernetes_worker(self) -> bool:
        """Whether it is a Kubernetes worker."""
        return self.site.kubernetes is not None and self.name in self.site.kubernetes.workers

    @property
    def gpus(self) -> int:
        """How many GPUs it has."""
        return self.profile.gpus.count if self.profile.gpus else 0

    @cached_property
    def bond(self) -> Bond:
        """The bond that carries the host's own address."""
        return _main(self.site, self.server)[0]

    @cached_property
    def network(self) -> Network:
        """The network of the host's own address."""
        return _main(self.site, self.server)[2]

    @cached_property
    def address(self) -> str:
        """The host's own address: where it is reached, and its Kubernetes node's internal address."""
        return _main(self.site, self.server)[1]

    def others(self, names: list[str]) -> list[HostFacts]:
        """The same of other hosts, in the order given."""
        return [HostFacts(self.site, self.site.server_by_name[name], self.stand_in) for name in names]


def _main(site: Site, server: Server) -> tuple[Bond, str, Network]:
    """The host's management address, its bond and its network."""
    chosen = management_address(server)
    if chosen is None:
        raise InventoryError("the host has no address", where=server.name, remedy="give one of its bonds an address")
    bond = next(each for each in server.bonds if chosen in each.addresses)
    return bond, str(chosen.address), site.network_by_name[chosen.network]

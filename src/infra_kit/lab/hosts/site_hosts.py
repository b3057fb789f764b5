"""The hosts of a site: what the inventory says of its servers and networks, as hosts and fabric of its lab."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from infra_kit.inventory.access import KUBERNETES, StandIn
from infra_kit.inventory.errors import UsageError
from infra_kit.inventory.hosts import management_address
from infra_kit.inventory.pod_network import pod_routes
from infra_kit.inventory.rules.capacity import threads
from infra_kit.lab.hosts.device import ApiDevice, HostDevice
from infra_kit.lab.hosts.hosts import Hosts
from infra_kit.lab.hosts.resolver import Resolver, records
from infra_kit.lab.hosts.root_filesystem import table
from infra_kit.lab.hosts.specification import Attachment, Capacity, Card, Disks, FabricSpec, HostSpec, MachineSpec, NetworkSpec, Route
from infra_kit.lab.machines.specification import emulation
from infra_kit.lab.mirror.mirror import Mirror
from infra_kit.lab.mirror.supplies import built, held
from infra_kit.lab.trust import host_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from infra_kit.inventory.models.network import Network
    from infra_kit.inventory.models.server import Bond, Server, ServerProfile
    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.devices import LabDevice
    from infra_kit.lab.emulator import Login
    from infra_kit.lab.folder import LabFolder

SERVICES = IPv4Address("10.10.0.80")
"""Where hosts reach the lab's own package mirror and image registry."""
PACKAGES = f"http://{SERVICES}/debian"
PACKAGES_PORT = 80
_REGISTRY_PORT = 5000
REGISTRY = f"{SERVICES}:{_REGISTRY_PORT}"
_NOT_THE_HOSTS = frozenset({"out-of-band", "vlt-peering"})
_CA = "etc/kubernetes/pki/ca.crt"  # where kubeadm keeps a cluster's authority


class SiteHosts:
    """The hosts of one site.

    Args:
        site: the site.
        folder: its lab's.
        login: the account that the hosts accept.
        machines: names of the servers whose hosts are virtual machines.
    """

    def __init__(self, site: Site, folder: LabFolder, login: Login, machines: Collection[str] = ()) -> None:
        """Nothing is made yet."""
        self._site = site
        self._stack = AsyncExitStack()
        self.mirror: Mirror | None = None
        self._folder = folder
        self.all = Hosts(folder.hosts, list(specs(site, folder, login, machines)), fabric(site))

    @property
    def stand_in(self) -> StandIn:
        """What they are, whatever the inventory says of the real ones."""
        return StandIn(family="debian", release=table().release, packages=PACKAGES, registry=REGISTRY)

    async def start(self) -> None:
        """Switch all on, and what they install from; see `Hosts.start`."""
        supplies = await asyncio.to_thread(held, self._site)
        await self.all.start()
        self._stack.push_async_callback(self.all.stop)
        try:
            self._name()
            listen = self.all.namespace.listen
            packages = (supplies.repository, listen(str(SERVICES), PACKAGES_PORT))
            registry = (supplies.images, listen(str(SERVICES), _REGISTRY_PORT))
            self.mirror = Mirror(packages=packages, images=registry, look=lambda: built(self._site))
            await self._stack.enter_async_context(self.mirror)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """See `Hosts.stop`."""
        await self._stack.aclose()

    def _name(self) -> None:
        """Have name servers where the inventory says that there are some."""
        site, folder = self._site, self._folder.root / "resolver"
        resolver = Resolver(site.site.domain, records(site), site.services.dns_servers, self.all.namespace, folder)
        self._stack.callback(resolver.stop)
        resolver.start()

    def device(self, device: LabDevice) -> HostDevice | ApiDevice:
        """A host, or the way to the API servers, as a device of the lab."""
        if device.name == KUBERNETES:
            assert self._site.kubernetes is not None
            return ApiDevice(device.name, self._site.kubernetes.api_address, self.all.namespace)
        return HostDevice(device.name, self.all.hosts[device.of], self.all.namespace)


def cluster_authority(site: Site, folder: LabFolder) -> Path | None:
    """Where the certificate of the hosts' own Kubernetes authority is, once they have made a cluster: on its first node's disk."""
    if site.kubernetes is None or not site.kubernetes.control_plane:
        return None
    return folder.hosts / site.kubernetes.control_plane[0] / "upper" / _CA


def fabric(site: Site) -> FabricSpec:
    """The networks that hosts are in or reach, and the routes to their pods."""
    networks = [NetworkSpec(each.name, each.subnet, each.gateway, each.mtu) for each in _networks(site).values()]
    routes = [Route(each.prefix, each.next_hop) for each in pod_routes(site)]
    return FabricSpec(tuple(networks), tuple(routes), tuple(dict.fromkeys([SERVICES, *site.services.dns_servers])))


def specs(site: Site, folder: LabFolder, login: Login, machines: Collection[str] = ()) -> Iterator[HostSpec]:
    """Every server with an address, as a host.

    Args:
        site: the site.
        folder: its lab's.
        login: the account that they accept.
        machines: names of those that are virtual machines.
    """
    networks = _networks(site)
    for server in site.servers:
        if management_address(server) is not None:
            yield HostSpec(
                server.name,
                tuple(_attachments(server, networks, [_main(server)] if server.name in machines else server.bonds)),
                login,
                host_key(folder.host_key(server.name)),
                _capacity(site.profile_by_name[server.profile], site),
                machine=_machine(server, site.profile_by_name[server.profile]) if server.name in machines else None,
            )


def require_machines(site: Site, names: Collection[str]) -> None:
    """See that hosts can be virtual machines.

    Raises:
        UsageError: there is no such host, or it has to be a container.
    """
    hosts = [server.name for server in site.servers if management_address(server) is not None]
    unknown = [name for name in names if name not in hosts]
    if unknown:
        raise UsageError(f"--vm: no host {', '.join(unknown)}", remedy=f"the site has {', '.join(hosts)}")
    first = site.kubernetes.control_plane[0] if site.kubernetes is not None and site.kubernetes.control_plane else ""
    if first in names:
        raise UsageError(
            f"--vm {first}: the lab reads the cluster's authority from its disk, so it is a container", remedy="name another host"
        )


def _networks(site: Site) -> dict[str, Network]:
    of_hosts = {address.network for server in site.servers for bond in server.bonds for address in bond.addresses}
    return {each.name: each for each in site.networks if each.purpose not in _NOT_THE_HOSTS or each.name in of_hosts}


def _attachments(server: Server, networks: dict[str, Network], bonds: Sequence[Bond]) -> list[Attachment]:
    """One interface an address; that of the management address first, which the default route follows."""
    managed = management_address(server)
    addresses = [(bond, address) for bond in bonds for address in bond.addresses]
    addresses.sort(key=lambda pair: pair[1] is not managed)
    return [
        Attachment(
            bond.name if address.native else f"{bond.name}.{networks[address.network].vlan or 0}",
            address.network,
            address.address,
            _mac(server, bond),
            0 if address.native else networks[address.network].vlan or 0,
        )
        for bond, address in addresses
    ]


def _machine(server: Server, profile: ServerProfile) -> MachineSpec:
    """Cards and disks that the inventory says; the boot disk is the lab's own."""
    return MachineSpec(
        tuple(Card(nic.name, str(nic.mac)) for nic in server.nics if nic.name in _main(server).members),
        emulation().memory_mib,
        tuple(Disks(each.size_gb, each.media == "hdd", each.count) for each in profile.disks if each.purpose != "boot"),
    )


def _main(server: Server) -> Bond:
    """The bond that the host is reached by; a machine has its cards alone."""
    return next(bond for bond in server.bonds if management_address(server) in bond.addresses)


def _mac(server: Server, bond: Bond) -> str:
    """A bond has that of its first member."""
    return next((str(nic.mac) for nic in server.nics if nic.name in bond.members), "")


def _capacity(profile: ServerProfile, site: Site) -> Capacity:
    """What the servers' nodes have by the inventory, which the lab's other Kubernetes nodes have, too."""
    processors = profile.processors
    return Capacity(
        sockets=processors.count,
        cores=processors.cores,
        threads=threads(profile, site) // (processors.count * processors.cores),
        memory_kib=profile.memory.total_gib * 2**20,
        processor=f"AMD {processors.model} {processors.cores}-Core Processor",
    )

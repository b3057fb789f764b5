"""The fabric between lab hosts: a namespace with a bridge for each network, which routes among them and has no link to the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.hosts.mac import stable_mac
from infra_kit.lab.hosts.namespace import Namespace
from infra_kit.lab.hosts.tap import open_tap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from infra_kit.lab.hosts.specification import Attachment, FabricSpec, HostSpec, NetworkSpec

_INTERFACE_NAME = 15  # linux/if.h: IFNAMSIZ less its end
_UNREACHABLE = "unreachable default metric 4278198272"  # below every other route: who asks for what is nowhere is told so at once


class Fabric:
    """Bridges, gateways and routes; hosts are plugged in and out.

    Args:
        folder: where the namespaces are bound.
        spec: what it shall be.
        hosts: who can be plugged in.
    """

    def __init__(self, folder: Path, spec: FabricSpec, hosts: Sequence[HostSpec]) -> None:
        """Not made yet."""
        self._folder = folder
        self._spec = spec
        self._networks = {each.name: each for each in spec.networks}
        self._bridges = {each.name: _bridge(each.name, number) for number, each in enumerate(spec.networks)}
        self._ports = {(host.name, at.interface): f"h{n}-{m}" for n, host in enumerate(hosts) for m, at in enumerate(host.attachments)}
        self.namespace = Namespace(folder / ".fabric")

    def make(self) -> None:
        """Bring it up, without hosts."""
        self.namespace.make()
        # Nothing is forwarded before it is asked for here, in this namespace alone.
        for setting, value in (("ipv4/ip_forward", "1"), ("ipv4/icmp_ratelimit", "0"), ("ipv4/conf/all/rp_filter", "0")):
            self.namespace.set(setting, value)
        self.namespace.ip(*self._commands())

    def plug(self, host: HostSpec) -> Namespace:
        """A namespace for a host, with its interfaces, addresses and default route, plugged into its networks."""
        namespace = self.of(host)
        namespace.make()
        inside, outside = list[str](), list[str]()
        for at in host.attachments:
            network = self.network(host, at)
            port = self._ports[host.name, at.interface]
            inner = f"name {at.interface} address {at.mac or stable_mac(host.name, at.interface)} netns {namespace.file}"
            outside += [
                f"link add {port} mtu {network.mtu} type veth peer {inner} mtu {network.mtu}",
                f"link set {port} master {self._bridges[at.network]} alias {host.name} up",
            ]
            inside += [f"link set {at.interface} up", f"address add {at.address}/{network.subnet.prefixlen} dev {at.interface}"]
        gateway = self._networks[host.attachments[0].network].gateway
        if gateway is not None:
            inside.append(f"route add default via {gateway}")
        self.namespace.ip(*outside)
        namespace.ip(*inside)
        return namespace

    def plug_machine(self, host: HostSpec) -> dict[int, int]:
        """VLAN -> descriptor of a tap of the network that the tag means; the taps are gone when these are closed."""
        taps = dict[int, int]()
        for at in host.attachments:
            network, port = self.network(host, at), self._ports[host.name, at.interface]
            taps[at.vlan] = open_tap(self.namespace, port)
            self.namespace.ip(
                f"link set {port} mtu {network.mtu} alias {host.name}", f"link set {port} master {self._bridges[at.network]} up"
            )
        return taps

    def network(self, host: HostSpec, at: Attachment) -> NetworkSpec:
        """What an interface of a host is in.

        Raises:
            LabError: there is no such network.
        """
        network = self._networks.get(at.network)
        if network is None:
            raise LabError(f"there is no network {at.network}", where=host.name)
        return network

    def unplug(self, host: HostSpec) -> None:
        """Take a host's interfaces and its namespace away, as a machine that is off has none."""
        self.namespace.ip(*(f"link delete {port}" for port in self._of(host)))
        self.of(host).remove()

    def cut(self, host: HostSpec) -> None:
        """Pull a host's cables."""
        self.namespace.ip(*(f"link set {port} down" for port in self._of(host)))

    def mend(self, host: HostSpec) -> None:
        """Plug a host's cables in again."""
        self.namespace.ip(*(f"link set {port} up" for port in self._of(host)))

    def of(self, host: HostSpec) -> Namespace:
        """A host's namespace."""
        return Namespace(self._folder / host.name)

    def _of(self, host: HostSpec) -> list[str]:
        return [self._ports[host.name, at.interface] for at in host.attachments]

    def _commands(self) -> Iterator[str]:
        yield f"route add {_UNREACHABLE}"
        for address in self._spec.services:
            yield f"address add {address}/32 dev lo"
        for network in self._spec.networks:
            bridge = self._bridges[network.name]
            # No snooping: VRRP's multicast has to reach every host.
            yield f"link add {bridge} type bridge mcast_snooping 0"
            yield f"link set {bridge} mtu {network.mtu} alias {network.name} up"
            if network.gateway is not None:
                yield f"address add {network.gateway}/{network.subnet.prefixlen} dev {bridge}"
        for route in self._spec.routes:
            yield f"route add {route.prefix} via {route.next_hop}"


def _bridge(network: str, number: int) -> str:
    return network if len(network) <= _INTERFACE_NAME else f"network{number}"

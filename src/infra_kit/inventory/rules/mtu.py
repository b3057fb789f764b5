"""The MTU chain: hosts and array below the switches, and alike where they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem, an, severity_by, worded
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_JUMBO = 9000
_IP_MTU_OVERHEAD = 32
"""What an OS10 interface's MTU is larger by than its IP MTU (ipspace/netlab, dellos10)."""


@rule("IK1530")
def network_above_fabric(site: Site, _index: Index) -> Iterator[Problem]:
    """A network's MTU does not fit through the switches."""
    room = site.fabric.mtu - _IP_MTU_OVERHEAD
    for network in site.networks:
        if network.leaf_pair is not None and network.mtu > room:
            message = f"MTU {network.mtu} of network {network.name} does not fit: the fabric's {site.fabric.mtu} leaves {room} for IP"
            yield Problem(network, "mtu", message, "lower the network's MTU (9000 is usual), or raise `fabric.mtu`")


@rule("IK1531")
def fabric_above_switch(site: Site, index: Index) -> Iterator[Problem]:
    """The fabric's MTU is above what a switch model takes."""
    models = {switch.model: index.switch_model(switch) for switch in site.switches}
    for name, model in models.items():
        if model and site.fabric.mtu > model.max_mtu.value:
            message = f"the fabric's MTU {site.fabric.mtu} is above {worded(model.max_mtu)}, the most of {an(name)}"
            yield Problem(site.fabric, "mtu", message, "lower it", severity_by(model.max_mtu))


@rule("IK1532")
def array_above_model(site: Site, index: Index) -> Iterator[Problem]:
    """A OneFS subnet's MTU is above what OneFS takes."""
    for groupnet in site.storage.groupnets if site.storage else []:
        for subnet in groupnet.subnets:
            if index.array_model and subnet.mtu > index.array_model.max_mtu.value:
                limit = index.array_model.max_mtu
                message = f"MTU {subnet.mtu} of OneFS subnet {subnet.name} is above {worded(limit)}"
                yield Problem(subnet, "mtu", message, "OneFS refuses it: lower it", severity_by(limit))


@rule("IK1533")
def array_differs_from_network(site: Site, _index: Index) -> Iterator[Problem]:
    """A OneFS subnet has another MTU than the network it is in."""
    for groupnet in site.storage.groupnets if site.storage else []:
        for subnet in groupnet.subnets:
            network = site.network_by_name.get(subnet.network)
            if network and subnet.mtu != network.mtu:
                message = f"OneFS subnet {subnet.name} has MTU {subnet.mtu}, its network {network.name} {network.mtu}"
                yield Problem(subnet, "mtu", message, "write the same on both")


@rule("IK1534", "warning")
def no_jumbo_frames(site: Site, _index: Index) -> Iterator[Problem]:
    """A data or storage network has no jumbo frames."""
    for network in site.networks:
        if network.purpose in ("cluster-data", "storage-front-end") and network.mtu < _JUMBO:
            message = f"network {network.name} ({network.purpose}) has MTU {network.mtu}"
            yield Problem(network, "mtu", message, f"use {_JUMBO}: hosts 9000, OneFS 9000, switches 9216")


@rule("IK1535", "warning")
def data_and_storage_differ(site: Site, _index: Index) -> Iterator[Problem]:
    """Cluster data and storage networks differ in MTU: packets between them are fragmented or lost."""
    first = next((network for network in site.networks if network.purpose == "cluster-data"), None)
    for network in site.networks:
        if first and network.purpose in ("cluster-data", "storage-front-end") and network.mtu != first.mtu:
            message = f"network {network.name} has MTU {network.mtu}, {first.name} has {first.mtu}, and hosts of the two talk"
            yield Problem(network, "mtu", message, "use one MTU in all data and storage networks")

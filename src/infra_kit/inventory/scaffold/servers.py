"""Server nouns: cabled, addressed, racked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.models.server import Bmc, Bond, BondAddress, Nic, Server
from infra_kit.inventory.scaffold.networks import HOST_START, cluster_data
from infra_kit.inventory.scaffold.placeholders import mac, service_tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_kit.inventory.scaffold.addresses import AddressPlan
    from infra_kit.inventory.scaffold.machines import Machine
    from infra_kit.inventory.scaffold.racking import Racking

LAG_START = 100
"""Port-channel of the server on port 1, less one: the number tells the port."""
_NICS = ("ens1f0", "ens1f1")
_NIC_FAMILY, _BMC_FAMILY = 1, 2


def servers(machines: Iterable[Machine], plan: AddressPlan, racking: Racking) -> list[Server]:
    """Two 25G ports a server, one to each leaf of its pair, bonded by LACP."""
    return [_server(machine, plan, racking) for machine in machines]


def _server(machine: Machine, plan: AddressPlan, racking: Racking) -> Server:
    rack, unit = racking.places[machine.name]
    nics = [
        Nic(
            name=name,
            mac=mac(_NIC_FAMILY, machine.number + 1, index),
            speed_gbps=25,
            switch=f"leaf{machine.pair + 1:02}{side}",
            port=f"1/1/{machine.port}",
        )
        for index, (name, side) in enumerate(zip(_NICS, "ab", strict=True))
    ]
    address = plan.cluster_data(machine.pair)[HOST_START + machine.port]
    bond = Bond(
        name="bond0",
        members=list(_NICS),
        lag=LAG_START + machine.port,
        addresses=[BondAddress(network=cluster_data(machine.pair), address=address, native=True)],
    )
    return Server(
        name=machine.name,
        role=machine.role,
        profile=machine.profile.name,
        service_tag=service_tag("J", machine.number + 1),
        rack=rack,
        unit=unit,
        bmc=Bmc(address=plan.bmc(machine.number), mac=mac(_BMC_FAMILY, machine.number + 1), credential="bmc"),
        nics=nics,
        bonds=[bond],
    )

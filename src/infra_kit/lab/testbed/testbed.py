"""Hosts, mirror and the ways to them, for as long as a scenario takes."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from infra_kit.lab.emulator import Login
from infra_kit.lab.hosts.building import obtain_all
from infra_kit.lab.hosts.forwarder import Forwarder
from infra_kit.lab.hosts.greeting import SSH
from infra_kit.lab.hosts.hosts import Hosts
from infra_kit.lab.hosts.mac import stable_mac
from infra_kit.lab.hosts.specification import Attachment, Card, Disks, FabricSpec, HostSpec, MachineSpec, NetworkSpec, Route
from infra_kit.lab.listeners import HOST
from infra_kit.lab.machines import image
from infra_kit.lab.machines.specification import emulation
from infra_kit.lab.private_file import write_private
from infra_kit.lab.testbed.plan import SERVICES
from infra_kit.lab.trust import host_key, known_hosts_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from infra_kit.lab.mirror.images.store import Image
    from infra_kit.lab.mirror.packages.repository import Repository
    from infra_kit.lab.testbed.plan import TestbedPlan, TestHost, TestMachine

PACKAGES_PORT = 80
REGISTRY_PORT = 5000


class Testbed:
    """Enter it to have it up; all of it is gone when it is left.

    Args:
        folder: its keys, and what the hosts write.
        plan: what it shall be.
    """

    __test__ = False

    def __init__(self, folder: Path, plan: TestbedPlan) -> None:
        """Nothing is made yet."""
        self._folder = folder
        self._plan = plan
        self._login = Login(plan.user, plan.password)
        self._stack = AsyncExitStack()
        self._hosts = Hosts(folder / "hosts", [self._spec(each) for each in plan.hosts], self._fabric())
        self.places: dict[str, int] = {}
        """Host or forward -> its port on this machine's loopback."""

    async def __aenter__(self) -> Self:
        """Everything answers when this returns; `known_hosts` and `places.json` are in the folder then."""
        try:
            await self._hosts.start(reset=True)
            self._stack.push_async_callback(self._hosts.stop, keep=False)
            await self._serve()
            ways = {each.name: (each.address, SSH) for each in self._plan.hosts}
            ways |= {name: (each.address, each.port) for name, each in self._plan.forwards.items()}
            for name, (address, port) in ways.items():
                forwarder = Forwarder(self._hosts.namespace, str(address), port, lambda: True)
                self.places[name] = await forwarder.start(HOST, 0)
                self._stack.push_async_callback(forwarder.stop)
        except BaseException:
            await self._stack.aclose()
            raise
        keys = [known_hosts_line(self._key(each), HOST, self.places[each.name]) for each in self._plan.hosts]
        write_private(self._folder / "known_hosts", "".join(keys))
        write_private(self._folder / "places.json", json.dumps({name: {"host": HOST, "port": port} for name, port in self.places.items()}))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End all of it."""
        (self._folder / "places.json").unlink(missing_ok=True)
        await self._stack.aclose()

    async def _serve(self) -> None:
        """The mirror, inside the fabric."""
        from infra_kit.lab.mirror.mirror import Mirror

        supplies, listen = obtain(self._plan), self._hosts.namespace.listen
        packages = (supplies.packages, listen(str(SERVICES), PACKAGES_PORT)) if supplies.packages else None
        images = (supplies.images, listen(str(SERVICES), REGISTRY_PORT)) if supplies.images else None
        if packages or images:
            await self._stack.enter_async_context(Mirror(packages=packages, images=images))

    def _fabric(self) -> FabricSpec:
        networks = tuple(NetworkSpec(each.name, each.subnet, each.gateway, each.mtu) for each in self._plan.networks)
        routes = tuple(Route(each.pods, each.address) for each in self._plan.hosts if each.pods is not None)
        return FabricSpec(networks, routes, (SERVICES,))

    def _spec(self, host: TestHost) -> HostSpec:
        at = Attachment(host.interface, self._plan.network_of(host.address).name, host.address)
        if host.machine is None:
            return HostSpec(host.name, (at,), self._login, self._key(host), root_filesystem=host.root_filesystem)
        tagged = [
            Attachment(f"{host.interface}.{each.vlan}", self._plan.network_of(each.address).name, each.address, vlan=each.vlan)
            for each in host.machine.vlans
        ]
        return HostSpec(host.name, (at, *tagged), self._login, self._key(host), machine=_machine(host, host.machine))

    def _key(self, host: TestHost) -> Path:
        return host_key(self._folder / "host-keys" / host.name)


def _machine(host: TestHost, machine: TestMachine) -> MachineSpec:
    names = machine.cards or [host.interface]
    return MachineSpec(
        tuple(Card(name, stable_mac(host.name, name)) for name in names),
        machine.memory_mib or emulation().memory_mib,
        tuple(Disks(each.size_gb, each.rotational, each.count) for each in machine.disks),
    )


@dataclass(frozen=True, slots=True)
class Supplies:
    """What a testbed's mirror has."""

    packages: Repository | None
    images: Sequence[Image]


def obtain(plan: TestbedPlan) -> Supplies:
    """Have what a testbed is made of, with progress printed; at once where all of it is in the cache.

    Raises:
        LabError: something cannot be had.
    """
    containers = sorted({each.root_filesystem for each in plan.hosts if each.machine is None})
    if containers:
        obtain_all(print, containers)
    for memory_mib in sorted({each.machine.memory_mib or emulation().memory_mib for each in plan.hosts if each.machine}):
        image.obtain_all_of_it(print, memory_mib)
    if not plan.packages and not plan.images:
        return Supplies(None, ())
    from infra_kit.lab.mirror.images.building import build
    from infra_kit.lab.mirror.images.kubernetes import kubernetes_images
    from infra_kit.lab.mirror.packages.repository import repository

    recipes = [recipe for version in plan.kubernetes or [""] for recipe in kubernetes_images(version)] if plan.images else []
    return Supplies(repository(print, kubernetes=plan.kubernetes) if plan.packages else None, build(recipes, print) if recipes else ())

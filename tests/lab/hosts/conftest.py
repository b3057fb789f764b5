"""Hosts of no site: two in one network, as a Molecule scenario has them."""

from __future__ import annotations

import asyncio
import threading
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.inventory.load import load_site
from infra_kit.lab.emulator import Login
from infra_kit.lab.hosts.hosts import Hosts
from infra_kit.lab.hosts.requirements import require_hosts
from infra_kit.lab.hosts.root_filesystem import locate
from infra_kit.lab.hosts.specification import Attachment, Capacity, FabricSpec, HostSpec, NetworkSpec
from infra_kit.lab.mirror.supplies import held
from infra_kit.lab.trust import host_key

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

REFERENCE = Path(__file__).resolve().parents[3] / "inventory" / "configuration-1"
LOGIN = Login("ansible", "let-me-in")
CAPACITY = Capacity(sockets=2, cores=32, threads=2, memory_kib=512 * 2**20, processor="AMD EPYC 7543 32-Core Processor")
SERVICES = IPv4Address("10.10.0.80")
FABRIC = FabricSpec(
    (
        NetworkSpec("data", IPv4Network("10.21.1.0/24"), IPv4Address("10.21.1.1"), 9000),
        NetworkSpec("other-data-network", IPv4Network("10.21.2.0/24"), IPv4Address("10.21.2.1"), 9000),
    ),
    services=(SERVICES,),
)


class Loop:
    """An asyncio loop in a thread, as a lab has one."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


def skip_without_hosts() -> None:
    """Skip, with the reason, where hosts cannot run."""
    try:
        require_hosts()
        locate("prepared")
        held(load_site(REFERENCE))
    except LabError as error:
        pytest.skip(str(error))


def specs(folder: Path, *names: str, capacity: Capacity | None = CAPACITY) -> list[HostSpec]:
    """One host in each of the two networks in turn."""
    networks = ("data", "other-data-network")
    return [
        HostSpec(
            name,
            (Attachment("bond0", networks[number % 2], IPv4Address(f"10.21.{1 + number % 2}.{11 + number}")),),
            LOGIN,
            host_key(folder / "host-keys" / name),
            capacity,
        )
        for number, name in enumerate(names)
    ]


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.end()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, loop: Loop) -> Iterator[Hosts]:
    """Two hosts that the tests of a module share: `near` in one network, `far` in another."""
    skip_without_hosts()
    folder = tmp_path_factory.mktemp("hosts")
    hosts = Hosts(folder / "state", specs(folder, "near", "far"), FABRIC)
    loop.run(hosts.start())
    yield hosts
    loop.run(hosts.stop())

"""The site's name servers, inside the fabric: CoreDNS knows the site's hosts and services, and says of every other name that it is none.

Without them whoever asks for an outside name, or for a cluster's name with the site's domain behind it, would wait for nobody.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.inventory.hosts import management_address
from infra_kit.lab.control_plane.component import Component
from infra_kit.lab.programs.program import locate_all, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Address
    from pathlib import Path

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.hosts.namespace import Namespace

PROGRAM = "coredns"
_PORT = 53
_READY_S = 10.0
_POLL_S = 0.05


class Resolver:
    """A name server on the addresses where the inventory says that there are some.

    Args:
        domain: the site's.
        hosts: name within the domain -> address.
        addresses: addresses of the fabric's namespace.
        namespace: the fabric's.
        folder: for its settings and log.
    """

    def __init__(
        self, domain: str, hosts: dict[str, IPv4Address], addresses: Sequence[IPv4Address], namespace: Namespace, folder: Path
    ) -> None:
        """Not started yet."""
        self._domain = domain
        self._hosts = hosts
        self._addresses = [str(each) for each in addresses]
        self._namespace = namespace
        self._folder = folder
        self._server: Component | None = None

    def start(self) -> None:
        """Answer, once this returns. To be called in the lab's own thread: the server ends with the thread that started it.

        Raises:
            LabError: it did not come up.
        """
        if not self._addresses:
            return
        program = locate_all(tuple(each for each in table("node") if each.name == PROGRAM))[PROGRAM]
        self._folder.mkdir(exist_ok=True, mode=0o700)
        zone, settings = self._folder / "zone", self._folder / "Corefile"
        zone.write_text(_zone(self._domain, self._hosts), encoding="ascii")
        settings.write_text(_corefile(self._addresses, self._domain, zone), encoding="ascii")
        command = ["/usr/bin/nsenter", f"--net={self._namespace.file}", str(program), "-conf", str(settings)]
        self._server = Component(PROGRAM, command, self._folder / "log")
        self._server.start()
        deadline = time.monotonic() + _READY_S
        while not self._listens():
            self._server.require_alive()
            if time.monotonic() > deadline:
                raise LabError("the lab's name server does not answer", where=str(self._folder / "log"))
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """End it."""
        if self._server is not None:
            self._server.kill()
            self._server = None

    def _listens(self) -> bool:
        try:
            self._namespace.connect(self._addresses[0], _PORT, 1.0).close()
        except OSError:
            return False
        return True


def records(site: Site) -> dict[str, IPv4Address]:
    """Every host of the site by its name within the site's domain."""
    managed = {server.name: management_address(server) for server in site.servers}
    return {name: address.address for name, address in managed.items() if address is not None}


def _zone(domain: str, hosts: dict[str, IPv4Address]) -> str:
    """A zone file (RFC 1035, section 5): what is not in it does not exist."""
    head = f"$ORIGIN {domain}.\n$TTL 30\n@ IN SOA ns hostmaster 1 3600 600 86400 30\n@ IN NS ns\n"
    return head + "".join(f"{name} IN A {address}\n" for name, address in hosts.items())


def _corefile(addresses: Sequence[str], domain: str, zone: Path) -> str:
    bind = f"bind {' '.join(addresses)}"
    return f"""{domain} {{
    {bind}
    file "{zone}"
    errors
}}
. {{
    {bind}
    template ANY ANY {{
        rcode NXDOMAIN
    }}
    errors
}}
"""

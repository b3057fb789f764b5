"""Which devices of a site the lab has stand-ins for, and what stands in for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from infra_kit.inventory.access import KUBERNETES
from infra_kit.inventory.hosts import management_address

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.emulator import Emulator, Login, TlsFiles

Kind = Literal["redfish", "os10", "onefs", "control_plane", "host"]
PARTS: tuple[str, ...] = ("bmcs", "switches", "array", "hosts", "kubernetes")
"""What `--without` can leave out."""


_HOST_SUFFIX = ":ssh"


@dataclass(frozen=True, slots=True)
class LabDevice:
    """One device to emulate: how it is reached, what it is, and the credential it accepts."""

    name: str
    kind: Kind
    """The package of infra_kit.lab that emulates it; `host`: it is one of the lab's hosts, or reached through them."""
    protocol: Literal["redfish", "ssh", "papi", "kubernetes", "http"]
    model: str
    credential: str

    @property
    def of(self) -> str:
        """The inventory's name of what it stands for. A host has a control name of its own, for the server's name is its BMC's."""
        return self.name.removesuffix(_HOST_SUFFIX)

    @property
    def is_real(self) -> bool:
        """Whether it is the real thing, made of programs, and not an emulator in the lab's own loop."""
        return self.kind == "control_plane"

    def build(self, site: Site, *, login: Login, tls: TlsFiles | None, host_key: Path | None, state_file: Path) -> Emulator:
        """Its emulator, factory-fresh or as the state file remembers it. Does not listen yet."""
        package = import_module(f"infra_kit.lab.{self.kind}")
        emulator: Emulator = package.build(site, self.name, login=login, tls=tls, host_key=host_key, state_file=state_file)
        return emulator


MIRROR = LabDevice("mirror", "host", "http", "packages", "")
"""What a lab's hosts install packages and images from: under the lab's control as a device is, but none of the site's."""


def devices(site: Site, without: Collection[str] = (), *, hosts: bool = False, machines: Collection[str] = ()) -> list[LabDevice]:
    """The devices of the site that have a stand-in, in the order of the inventory.

    Args:
        site: the site.
        without: names of PARTS to leave out.
        hosts: whether its servers' operating systems have one, too; Kubernetes is then on them.
        machines: those of its servers whose host is a virtual machine.
    """
    parts = {"bmcs": _bmcs, "switches": _switches, "array": _array}
    if with_hosts(without, hosts=hosts):
        parts |= {"hosts": lambda site: _hosts(site, machines), "kubernetes": _kubernetes_on_hosts}
    else:
        parts |= {"kubernetes": _kubernetes}
    return [device for part, of_site in parts.items() if part not in without for device in of_site(site)]


def with_hosts(without: Collection[str], *, hosts: bool) -> bool:
    """Whether a lab has hosts."""
    return hosts and "hosts" not in without


def _bmcs(site: Site) -> Iterator[LabDevice]:
    for server in site.servers:
        model = site.profile_by_name[server.profile].model
        yield LabDevice(server.name, "redfish", "redfish", model, server.bmc.credential)


def _switches(site: Site) -> Iterator[LabDevice]:
    for switch in site.switches:
        yield LabDevice(switch.name, "os10", "ssh", switch.model, switch.management.credential)


def _array(site: Site) -> Iterator[LabDevice]:
    if site.storage is not None:
        yield LabDevice(site.storage.name, "onefs", "papi", site.storage.model, site.storage.management.credential)


def _hosts(site: Site, machines: Collection[str]) -> Iterator[LabDevice]:
    for server in site.servers:
        if management_address(server) is not None:
            model = "machine" if server.name in machines else "host"
            yield LabDevice(f"{server.name}{_HOST_SUFFIX}", "host", "ssh", model, site.operating_system.ssh_credential)


def _kubernetes_on_hosts(site: Site) -> Iterator[LabDevice]:
    for device in _kubernetes(site):
        yield replace(device, kind="host")


def _kubernetes(site: Site) -> Iterator[LabDevice]:
    # Without a credential infra-kit itself could not talk to it.
    if site.kubernetes is not None and site.kubernetes.credential is not None:
        nodes = len({*site.kubernetes.control_plane, *site.kubernetes.workers})
        yield LabDevice(KUBERNETES, "control_plane", "kubernetes", f"{nodes} nodes", site.kubernetes.credential)

"""What a lab is to be made of: which parts, real hosts or none, which of them virtual machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import typer

from infra_kit.inventory.errors import LabError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.comparison import Difference
    from infra_kit.lab.folder import LabFolder


@dataclass(frozen=True, slots=True)
class Composition:
    """What the lab of one site is made of.

    Args:
        without: parts that are left out.
        hosts: whether its servers have hosts.
        machines: servers whose hosts are virtual machines.
    """

    without: list[str]
    hosts: bool
    machines: list[str]

    @classmethod
    def wanted(cls, site: Site, without: str, vm: Sequence[str]) -> Self:
        """What a command line asks for, as far as this machine bears it; what it does not bear is said.

        Raises:
            UsageError: it asks for what there is not.
        """
        parts = _parts(without)
        hosts = _can_have_hosts(parts)
        return cls(parts, hosts, _machines(site, vm, hosts=hosts))

    def get(self, site: Site) -> None:
        """Have the programs, with progress shown: the lab in the background could not show any."""
        from infra_kit.lab.devices import devices

        wanted = devices(site, self.without, hosts=self.hosts)
        if any(device.is_real for device in wanted):
            from infra_kit.lab.programs import obtaining

            obtaining.obtain_all(typer.echo)
        if any(device.kind == "host" for device in wanted):
            _get_hosts(site, with_kubernetes="kubernetes" not in self.without)
        if self.machines:
            from infra_kit.lab.machines.image import obtain_all_of_it

            obtain_all_of_it(typer.echo)

    def difference(self, site: Site, folder: LabFolder) -> Difference:
        """What the running lab has otherwise."""
        from infra_kit.lab.comparison import compare
        from infra_kit.lab.control import LabControl
        from infra_kit.lab.devices import devices

        return compare(LabControl.of(folder.site).devices(), devices(site, self.without, hosts=self.hosts, machines=self.machines))

    def options(self) -> list[str]:
        """The same for the lab's own program."""
        options = ["--without", ",".join(self.without)] if self.without else []
        options += ["--hosts"] if self.hosts else []
        return options + (["--vm", ",".join(self.machines)] if self.machines else [])


def _parts(without: str) -> list[str]:
    from infra_kit.lab.devices import PARTS

    named = [part.strip() for part in without.split(",") if part.strip()]
    unknown = [part for part in named if part not in PARTS]
    if unknown:
        raise UsageError(f"--without does not know {', '.join(unknown)}", remedy=f"it knows {', '.join(PARTS)}")
    return named


def _can_have_hosts(without: list[str]) -> bool:
    """Whether the lab has hosts; what keeps it from having them is said."""
    from infra_kit.lab.hosts.requirements import require_hosts

    if "hosts" in without:
        return False
    try:
        require_hosts()
    except LabError as error:
        typer.echo(f"no hosts, and a Kubernetes of emulated nodes: {error.what}")
        typer.echo(f"  for hosts: {error.remedy}")
        return False
    return True


def _machines(site: Site, named: Sequence[str], *, hosts: bool) -> list[str]:
    names = [name.strip() for each in named for name in each.split(",") if name.strip()]
    if names and not hosts:
        raise UsageError("--vm takes a lab with hosts")
    if names:
        from infra_kit.lab.hosts.site_hosts import require_machines

        require_machines(site, names)
    return names


def _get_hosts(site: Site, *, with_kubernetes: bool) -> None:
    from infra_kit.lab.hosts import building
    from infra_kit.lab.hosts.requirements import disk_is_scarce
    from infra_kit.lab.mirror.supplies import supplies, unbuilt

    building.obtain_all(typer.echo, ["prepared"])
    supplies(site, typer.echo, images=())
    if not with_kubernetes:
        return
    if scarce := disk_is_scarce(site.folder):
        typer.echo(scarce)
    if left := unbuilt(site):
        typer.echo(f"{len(left)} images of the catalogue are not built; pods that need one wait until `infra-kit lab images` has built it")

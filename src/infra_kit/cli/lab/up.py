"""`infra-kit lab up` and `down`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from infra_kit.cli.lab.arguments import Site, folder_of
from infra_kit.cli.lab.composition import Composition
from infra_kit.cli.lab.status import show_places
from infra_kit.inventory.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path


def up(
    site: Site,
    without: Annotated[str, typer.Option(help="Parts to leave out, separated by commas: bmcs, switches, array, hosts, kubernetes.")] = "",
    vm: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A server whose host is a virtual machine; several times, or by commas.")
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Forget what the devices remember: each is fresh from the factory.")] = False,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay in this terminal until Ctrl-C.")] = False,
) -> None:
    """Start a stand-in for every device.

    For a site that is `access: lab`, `plan`, `apply` and `drift` talk to these stand-ins alone. They listen on 127.0.0.1.
    Servers get a real Debian host each, on which `apply` makes the Kubernetes cluster. `--without hosts` has a Kubernetes
    control plane with emulated nodes instead, at once; so it is where hosts cannot be (they take root and podman).
    `--vm NAME` has a host with a kernel, disks and network cards of its own (QEMU): slower, and nearer to the real one.
    A lab that runs without the devices that the inventory has by now is started anew with them: each device keeps its
    memory and its port, faults that were set are at rest again.
    """
    from infra_kit.inventory.load import load_site
    from infra_kit.lab import process
    from infra_kit.lab.hosts.administrator import wait_for_api

    loaded = load_site(site)
    wanted = Composition.wanted(loaded, without, vm or [])
    folder = folder_of(loaded.folder)
    found = process.find(folder)
    if found is not None and reset:
        raise LabError(f"the lab runs already (pid {found.pid})", where=str(site), remedy=f"`infra-kit lab down {site}` before --reset")
    wanted.get(loaded)
    difference = None if found is None else wanted.difference(loaded, folder)
    if found is not None and not difference:
        typer.echo(f"already running (pid {found.pid}, since {found.started})")
    else:
        if difference:
            typer.echo(f"bringing the running lab to the inventory: {difference}")
            process.stop(folder)
        if foreground:
            _stay(loaded.folder, wanted.options() + (["--reset"] if reset else []))
            return
        found = process.start(folder, without=wanted.without, hosts=wanted.hosts, machines=wanted.machines, reset=reset)
        typer.echo(f"the lab of {loaded.site.name} is up (pid {found.pid})")
        if wanted.hosts and not wait_for_api(loaded, folder):
            typer.echo("the cluster on its hosts does not answer yet")
    show_places(folder)


def down(site: Site) -> None:
    """End the lab; what its devices remember stays."""
    from infra_kit.lab import process

    pid = process.stop(folder_of(site))
    typer.echo("no lab was running" if pid is None else f"the lab is down (pid {pid} ended)")


def _stay(folder: Path, options: list[str]) -> None:
    from infra_kit.lab.__main__ import main

    typer.echo("every device listens once `lab status` says running; Ctrl-C ends the lab")
    code = main([str(folder), *options])
    if code:
        raise typer.Exit(code)

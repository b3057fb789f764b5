"""`infra-kit lab`: the stand-ins of a site's devices, started, looked at, told to misbehave, ended."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra_kit.cli.group import SETTINGS
from infra_kit.inventory.errors import LabError, UsageError

if TYPE_CHECKING:
    from infra_kit.lab.comparison import Difference
    from infra_kit.lab.folder import LabFolder

app = typer.Typer(no_args_is_help=True, help="Give every device of a site a stand-in on this machine.", **SETTINGS)

_MB = 1e6

Site = Annotated[Path, typer.Argument(metavar="SITE", help="The site's folder, or its site.yaml.", show_default=False)]
Device = Annotated[str, typer.Argument(metavar="DEVICE", help="A device of the site, by its name.", show_default=False)]


class StatusFormat(StrEnum):
    """How the lab's state is shown."""

    TEXT = "text"
    JSON = "json"


@app.command()
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

    loaded = load_site(site)
    parts = _parts(without)
    hosts = _can_have_hosts(parts)
    machines = _machines(loaded, vm or [], hosts=hosts)
    folder = _folder(loaded.folder)
    found = process.find(folder)
    if found is not None and reset:
        raise LabError(f"the lab runs already (pid {found.pid})", where=str(site), remedy=f"`infra-kit lab down {site}` before --reset")
    _get_programs(loaded, parts, hosts=hosts)
    _get_image(machines)
    difference = None if found is None else _difference(loaded, folder, parts, hosts=hosts, machines=machines)
    if found is not None and not difference:
        typer.echo(f"already running (pid {found.pid}, since {found.started})")
    else:
        if difference:
            typer.echo(f"bringing the running lab to the inventory: {difference}")
            process.stop(folder)
        if foreground:
            _stay(loaded.folder, parts, hosts=hosts, machines=machines, reset=reset)
            return
        found = process.start(folder, without=parts, hosts=hosts, machines=machines, reset=reset)
        typer.echo(f"the lab of {loaded.site.name} is up (pid {found.pid})")
    _places(folder)


@app.command()
def down(site: Site) -> None:
    """End the lab; what its devices remember stays."""
    from infra_kit.lab import process

    pid = process.stop(_folder(site))
    typer.echo("no lab was running" if pid is None else f"the lab is down (pid {pid} ended)")


@app.command()
def status(site: Site, form: Annotated[StatusFormat, typer.Option("--format", help="How it is shown.")] = StatusFormat.TEXT) -> None:
    """Say whether the lab runs, and where.

    Shows where the endpoints overlay is, where each device listens, and which faults are set.
    """
    from infra_kit.lab import process
    from infra_kit.lab.control import LabControl

    folder = _folder(site)
    found = process.find(folder)
    if form is StatusFormat.JSON:
        state: dict[str, Any] = {"site": str(folder.site), "running": found is not None}
        if found is not None:
            state |= {"pid": found.pid, "started": found.started, "endpoints": str(folder.endpoints), "log": str(folder.log)}
            state |= {"kubeconfig": str(folder.kubeconfig)} if folder.kubeconfig.exists() else {}
            state |= {"control": found.control, "devices": LabControl.of(folder.site).devices()}
        typer.echo(json.dumps(state, indent=2))
    elif found is None:
        typer.echo(f"no lab runs for {site}; start it with `infra-kit lab up {site}`")
    else:
        typer.echo(f"running (pid {found.pid}, since {found.started})")
        _places(folder)


@app.command()
def images(
    site: Site,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Of the catalogue; all that the lab can make.")] = None,
) -> None:
    """Build the images that pods on the lab's hosts run from.

    Each is made once, from packages, for all labs of this user. A lab that runs serves it at once.
    """
    from infra_kit.inventory.load import load_site
    from infra_kit.lab.hosts.requirements import require_hosts
    from infra_kit.lab.mirror.supplies import supplies

    require_hosts()
    for image in supplies(load_site(site), typer.echo, images=names or None).images:
        typer.echo(f"{image.size / _MB:6.0f} MB  {image.recipe.reference}")


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def kubectl(
    site: Site,
    arguments: Annotated[list[str] | None, typer.Argument(metavar="ARGS...", help="What kubectl is told, options too.")] = None,
) -> None:
    """Run kubectl on the lab's control plane, as its administrator.

    Everything after SITE goes to kubectl as it is; its exit code is the command's.
    """
    from infra_kit.lab.programs.program import locate_all, table

    folder = _folder(site)
    if not folder.kubeconfig.is_file() and not _of_hosts(folder):
        raise LabError("no control plane runs for this site", where=str(site), remedy=f"`infra-kit lab up {site}`")
    program = str(locate_all(tuple(each for each in table() if each.name == "kubectl"))["kubectl"])
    os.execve(program, ["kubectl", *(arguments or [])], os.environ | {"KUBECONFIG": str(folder.kubeconfig)})  # noqa: S606  no shell wanted


@app.command()
def fault(
    site: Site,
    device: Device,
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            help="name=value, such as latency_s=0.2; for `kubernetes` unreachable=true or stopped=true; for a host powered_off=true; "
            "for `mirror`, which hosts install from, unreachable=true."
        ),
    ] = None,
) -> None:
    """Make a device misbehave, or show its faults.

    Without settings it only shows them.
    """
    control = _control(site)
    for name, value in control.faults(device, **_settings(settings or [])).items():
        typer.echo(f"{name}={json.dumps(value)}")


@app.command()
def tamper(
    site: Site,
    device: Device,
    changes: Annotated[list[str], typer.Argument(help="name=value, such as bios.SysProfile=Custom or lines='[\"no ip routing\"]'.")],
) -> None:
    """Change a device behind infra-kit's back.

    As somebody at its console would; `drift` finds it. A host (NAME:ssh) takes command='a shell command'. On Kubernetes,
    `infra-kit lab kubectl` does it.
    """
    _control(site).tamper(device, _settings(changes))
    typer.echo(f"{device} was changed behind infra-kit's back")


@app.command()
def events(
    site: Site,
    device: Device,
    clear: Annotated[bool, typer.Option("--clear", help="Forget them afterwards.")] = False,
) -> None:
    """Show every request that a device was sent."""
    control = _control(site)
    for verb, what in control.events(device):
        typer.echo(f"{verb:9} {what}")
    if clear:
        control.clear_events(device)


def _folder(site: Path) -> LabFolder:
    from infra_kit.lab.folder import LabFolder

    return LabFolder(_site_folder(site))


def _site_folder(site: Path) -> Path:
    folder = site.parent if site.name == "site.yaml" and not site.is_dir() else site
    if not folder.is_dir():
        raise UsageError(f"no site at {site}", remedy="name a site's folder")
    return folder


def _control(site: Path) -> Any:
    from infra_kit.lab.control import LabControl

    return LabControl.of(_site_folder(site))


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


def _machines(site: Any, named: list[str], *, hosts: bool) -> list[str]:
    """The servers whose hosts are virtual machines."""
    names = [name.strip() for each in named for name in each.split(",") if name.strip()]
    if names and not hosts:
        raise UsageError("--vm takes a lab with hosts")
    if names:
        from infra_kit.lab.hosts.site_hosts import require_machines

        require_machines(site, names)
    return names


def _get_image(machines: list[str]) -> None:
    """Have what virtual machines begin with."""
    if machines:
        from infra_kit.lab.machines.image import obtain_all_of_it

        obtain_all_of_it(typer.echo)


def _of_hosts(folder: LabFolder) -> bool:
    """Have the kubeconfig of the cluster that the lab's hosts made; whether there is one."""
    from infra_kit.inventory.load import load_site
    from infra_kit.lab.hosts.administrator import kubeconfig

    return folder.endpoints.is_file() and kubeconfig(load_site(folder.site), folder) is not None


def _settings(pairs: list[str]) -> dict[str, Any]:
    """`a=1 b.c=text` as {"a": 1, "b": {"c": "text"}}; a value that is JSON is read as JSON."""
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"`{pair}` is not name=value")
        *outer, last = name.split(".")
        place = settings
        for part in outer:
            place = place.setdefault(part, {})
        try:
            place[last] = json.loads(text)
        except ValueError:
            place[last] = text
    return settings


def _places(folder: LabFolder) -> None:
    _table(folder)
    typer.echo(f"endpoints overlay: {folder.endpoints}")
    if folder.kubeconfig.exists():
        typer.echo(f"kubeconfig: {folder.kubeconfig}")


def _table(folder: LabFolder) -> None:
    from infra_kit.lab.control import LabControl

    for device in LabControl.of(folder.site).devices():
        at_work = {name: value for name, value in device["faults"].items() if value not in (0, False, None)}
        faults = f"  faults: {at_work}" if at_work else ""
        typer.echo(f"  {device['name']:16} {device['model']:10} {device['protocol']:8} {device['host']}:{device['port']}{faults}")


def _get_programs(site: Any, without: list[str], *, hosts: bool) -> None:
    """Have what the lab is made of, with progress shown: the lab in the background could not show any."""
    from infra_kit.lab.devices import devices

    wanted = devices(site, without, hosts=hosts)
    if any(device.is_real for device in wanted):
        from infra_kit.lab.programs import obtaining

        obtaining.obtain_all(typer.echo)
    if any(device.kind == "host" for device in wanted):
        from infra_kit.lab.hosts import building
        from infra_kit.lab.hosts.requirements import disk_is_scarce
        from infra_kit.lab.mirror.supplies import supplies, unbuilt

        building.obtain_all(typer.echo, ["prepared"])
        supplies(site, typer.echo, images=())
        if "kubernetes" in without:
            return
        scarce = disk_is_scarce(site.folder)
        if scarce:
            typer.echo(scarce)
        left = unbuilt(site)
        if left:
            typer.echo(
                f"{len(left)} images of the catalogue are not built; pods that need one wait until `infra-kit lab images` has built it"
            )


def _difference(site: Any, folder: LabFolder, without: list[str], *, hosts: bool, machines: list[str]) -> Difference:
    from infra_kit.lab.comparison import compare
    from infra_kit.lab.control import LabControl
    from infra_kit.lab.devices import devices

    return compare(LabControl.of(folder.site).devices(), devices(site, without, hosts=hosts, machines=machines))


def _stay(folder: Path, parts: list[str], *, hosts: bool, machines: list[str], reset: bool) -> None:
    from infra_kit.lab.__main__ import main

    typer.echo("every device listens once `lab status` says running; Ctrl-C ends the lab")
    options = ["--without", ",".join(parts)] if parts else []
    options += (["--hosts"] if hosts else []) + (["--reset"] if reset else []) + (["--vm", ",".join(machines)] if machines else [])
    code = main([str(folder), *options])
    if code:
        raise typer.Exit(code)

"""`infra-kit lab kubectl`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from infra_kit.cli.lab.arguments import Site, folder_of
from infra_kit.inventory.errors import LabError

if TYPE_CHECKING:
    from infra_kit.lab.folder import LabFolder


def kubectl(
    site: Site,
    arguments: Annotated[list[str] | None, typer.Argument(metavar="ARGS...", help="What kubectl is told, options too.")] = None,
) -> None:
    """Run kubectl on the lab's control plane, as its administrator.

    Everything after SITE goes to kubectl as it is; its exit code is the command's.
    """
    from infra_kit.lab.programs.program import locate_all, table

    folder = folder_of(site)
    if not folder.kubeconfig.is_file() and not _of_hosts(folder):
        raise LabError("no control plane runs for this site", where=str(site), remedy=f"`infra-kit lab up {site}`")
    program = str(locate_all(tuple(each for each in table() if each.name == "kubectl"))["kubectl"])
    os.execve(program, ["kubectl", *(arguments or [])], os.environ | {"KUBECONFIG": str(folder.kubeconfig)})  # noqa: S606  no shell wanted


def _of_hosts(folder: LabFolder) -> bool:
    """Have the kubeconfig of the cluster that the lab's hosts made; whether there is one."""
    from infra_kit.inventory.load import load_site
    from infra_kit.lab.hosts.administrator import kubeconfig

    return folder.endpoints.is_file() and kubeconfig(load_site(folder.site), folder) is not None

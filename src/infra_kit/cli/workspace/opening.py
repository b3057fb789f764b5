"""The site that a command for workspaces is about, and its cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from infra_kit.inventory.access import KUBERNETES

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader, KubernetesWriter


def opened(target: Path, endpoints: Path | None, *, no_apply: bool) -> Site:
    """Load the site; unless it is only edited, say how it is reached, which must be possible before anything is written.

    Raises:
        InventoryError: the site has errors.
        AccessError: the site is `access: lab` and no lab is running for it.
    """
    from infra_kit.cli.reach import open_site
    from infra_kit.inventory.load import load_site

    return load_site(target) if no_apply else open_site(target, endpoints, quiet=False)[0]


@contextmanager
def reader(access: Access) -> Iterator[KubernetesReader]:
    """A client that cannot write.

    Raises:
        DeviceError: the cluster's endpoint, token or trust anchor is not known.
    """
    from infra_kit.plan.connections import Connections
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader

    with Connections(access, read_only=True) as connections:
        yield connections.client(KUBERNETES, "kubernetes", KubernetesReader, KubernetesReader)


@contextmanager
def writer(access: Access) -> Iterator[KubernetesWriter]:
    """A client that can.

    Raises:
        DeviceError: as `reader`.
    """
    from infra_kit.plan.connections import Connections
    from infra_kit.stacks.kubernetes_api.client import KubernetesWriter

    with Connections(access, read_only=False) as connections:
        yield connections.client(KUBERNETES, "kubernetes", KubernetesWriter, KubernetesWriter)


def progress() -> Callable[[str], None]:
    """Says on standard error how far a wait is, whenever that is something new."""
    told = ""

    def tell(text: str) -> None:
        nonlocal told
        if text != told:
            typer.echo(f"  {text}", err=True)
        told = text

    return tell

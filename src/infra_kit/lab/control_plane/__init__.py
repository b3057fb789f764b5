"""A site's real Kubernetes control plane on loopback: etcd, API server, controllers, scheduler, and kwok for the nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.emulator import Emulator, Login, TlsFiles


def build(  # noqa: PLR0913  every kind of device is built with the same call
    site: Site, device_name: str, *, login: Login, tls: TlsFiles | None, host_key: Path | None, state_file: Path
) -> Emulator:
    """The control plane of the site's Kubernetes cluster.

    Args:
        site: the site; it has a `kubernetes` section.
        device_name: what the cluster is called among the devices.
        login: the user that infra-kit is, and its bearer token.
        tls: what the API server presents; needed.
        host_key: not used, the API server is reached by HTTPS.
        state_file: its path without the suffix is the folder of what the cluster remembers.

    Raises:
        LabError: a program that it is made of is not on this machine.
    """
    from infra_kit.lab.control_plane.control_plane import ControlPlane
    from infra_kit.lab.control_plane.layout import Layout
    from infra_kit.lab.folder import LabFolder

    del host_key
    if tls is None:
        msg = f"{device_name}: an API server presents a certificate"
        raise ValueError(msg)
    return ControlPlane(site, device_name, login=login, tls=tls, layout=Layout(LabFolder(site.folder), state_file.with_suffix("")))

"""Emulated iDRAC9 BMCs: Redfish as a PowerEdge answers it, judged by Dell's and others' clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.emulator import Emulator, Login, TlsFiles


def build(  # noqa: PLR0913  every kind of device is built with the same call
    site: Site, device_name: str, *, login: Login, tls: TlsFiles | None, host_key: Path | None, state_file: Path
) -> Emulator:
    """The BMC of one server of the site.

    Args:
        site: the site.
        device_name: the server's name.
        login: the account it accepts.
        tls: what it presents; needed.
        host_key: not used, a BMC is reached by HTTPS.
        state_file: where its state is kept.
    """
    from infra_kit.lab.memory import Memory
    from infra_kit.lab.redfish.emulator import RedfishEmulator

    del host_key
    if tls is None:
        msg = f"{device_name}: a BMC presents a certificate"
        raise ValueError(msg)
    server = site.server_by_name[device_name]
    return RedfishEmulator(server, site.profile_by_name[server.profile], login=login, tls=tls, memory=Memory(state_file))

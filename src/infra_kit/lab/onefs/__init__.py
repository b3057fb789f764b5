"""The emulated PowerScale array: the OneFS platform API and namespace API over HTTPS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.emulator import Login, TlsFiles
    from infra_kit.lab.onefs.array import OnefsArray


def build(  # noqa: PLR0913  every device of the lab is built with these
    site: Site, device_name: str, *, login: Login, tls: TlsFiles | None, host_key: Path | None, state_file: Path
) -> OnefsArray:
    """The site's array, not configured yet, or as its state file remembers it.

    Raises:
        ValueError: the site has no such array, or no certificate was given.
    """
    from infra_kit.lab.onefs.array import OnefsArray
    from infra_kit.lab.onefs.fresh import fresh

    del host_key
    if site.storage is None or site.storage.name != device_name:
        msg = f"site {site.site.name} has no array {device_name}"
        raise ValueError(msg)
    if tls is None:
        msg = "an array speaks HTTPS: it needs a certificate"
        raise ValueError(msg)
    return OnefsArray(device_name, login, tls, state_file, lambda: fresh(site))

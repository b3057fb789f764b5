"""An OS10 switch over SSH: stateful, strict, in the words of the real one as far as they are public."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.emulator import Emulator, Login, TlsFiles


def build(  # noqa: PLR0913  every device of the lab is built with these
    site: Site, device_name: str, *, login: Login, tls: TlsFiles | None, host_key: Path | None, state_file: Path
) -> Emulator:
    """The emulated switch of that name: factory-fresh, or as `state_file` remembers it.

    Args:
        site: the inventory; says the model, the service tag and the management address.
        device_name: the switch.
        login: the account it accepts.
        tls: not used, SSH only.
        host_key: its SSH host key file.
        state_file: where its state is kept.
    """
    from infra_kit.lab.os10.emulator import Os10Emulator
    from infra_kit.lab.os10.factory import delivered

    del tls
    if host_key is None:
        msg = f"switch {device_name} needs an SSH host key"
        raise ValueError(msg)
    return Os10Emulator(delivered(site, device_name, login.user, state_file), login, host_key)

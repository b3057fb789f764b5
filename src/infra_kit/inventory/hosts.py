"""Where a server's operating system is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_kit.inventory.models.server import BondAddress, Server


def management_address(server: Server) -> BondAddress | None:
    """The address that a host is managed at: the untagged one of its first bond, else its first; None where it has none."""
    addresses = [address for bond in server.bonds for address in bond.addresses]
    return next((address for address in addresses if address.native), next(iter(addresses), None))

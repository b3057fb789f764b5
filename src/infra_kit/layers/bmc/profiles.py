"""BIOS profiles of the catalogue and of the site, each with what its base brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.errors import InventoryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.models.bios import BiosProfile
    from infra_kit.inventory.models.server import Server
    from infra_kit.inventory.models.site import Site

Attributes = dict[str, str | int]


def wanted_attributes(site: Site, server: Server) -> Attributes:
    """The BIOS attributes that a server shall have, by name.

    Raises:
        InventoryError: the profile, or a base of it, does not exist, or is its own base.
    """
    profiles = {**site.catalog.bios_profiles, **{profile.name: profile for profile in site.bios_profiles}}
    return resolved(site.profile_by_name[server.profile].bios_profile, profiles)


def resolved(name: str, profiles: Mapping[str, BiosProfile]) -> Attributes:
    """A profile's attributes over those of its base, sorted by name.

    Raises:
        InventoryError: as for `wanted_attributes`.
    """
    chain: list[BiosProfile] = []
    seen: list[str] = []
    step: str | None = name
    while step is not None:
        if step in seen:
            raise InventoryError(f"BIOS profile {step} is its own base: {' -> '.join([*seen, step])}", remedy="break the circle")
        if step not in profiles:
            raise InventoryError(f"there is no BIOS profile {step}", remedy=f"known are {', '.join(sorted(profiles))}")
        seen.append(step)
        chain.append(profiles[step])
        step = profiles[step].base
    attributes: Attributes = {}
    for profile in reversed(chain):
        attributes |= profile.attributes
    return dict(sorted(attributes.items()))

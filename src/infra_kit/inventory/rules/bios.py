"""BIOS profiles exist and build on one another without a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.bios import BiosProfile
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_CUSTOM_ONLY = frozenset(
    {"ProcPwrPerf", "ProcCStates", "ProcTurboMode", "MemFrequency", "MemPatrolScrub", "MemRefreshRate", "DeterminismSlider"}
)
"""Attributes that are read-only while SysProfile is not Custom: general knowledge, not confirmed; so this only warns."""
_PASSWORDS = frozenset({"SysPassword", "SetupPassword"})


def _profiles(site: Site) -> dict[str, BiosProfile]:
    return {**site.catalog.bios_profiles, **{profile.name: profile for profile in site.bios_profiles}}


@rule("IK2150")
def bios_profile_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A server profile names a BIOS profile that does not exist."""
    known = _profiles(site)
    for profile in site.server_profiles:
        if profile.bios_profile not in known:
            message = f"profile {profile.name} names BIOS profile `{profile.bios_profile}`, which does not exist"
            yield Problem(profile, "bios_profile", message, f"known: {', '.join(sorted(known)) or 'none'}")


@rule("IK2151")
def bios_base_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A BIOS profile builds on one that does not exist."""
    known = _profiles(site)
    for profile in site.bios_profiles:
        if profile.base is not None and profile.base not in known:
            message = f"BIOS profile {profile.name} builds on `{profile.base}`, which does not exist"
            yield Problem(profile, "base", message, f"known: {', '.join(sorted(known))}")


@rule("IK2152")
def bios_base_circular(site: Site, _index: Index) -> Iterator[Problem]:
    """A BIOS profile builds on itself."""
    known = _profiles(site)
    for profile in site.bios_profiles:
        chain = [profile.name]
        base = profile.base
        while base in known and base not in chain:
            chain.append(base)
            base = known[base].base
        if base == profile.name:
            yield Problem(profile, "base", f"BIOS profiles build on each other: {' -> '.join([*chain, base])}", "break the circle")


@rule("IK2153", "warning")
def bios_attribute_read_only(site: Site, _index: Index) -> Iterator[Problem]:
    """A BIOS profile sets attributes that are read-only unless SysProfile is Custom."""
    known = _profiles(site)
    for profile in site.bios_profiles:
        names = sorted(_CUSTOM_ONLY.intersection(profile.attributes))
        if names and _attribute(profile, "SysProfile", known) != "Custom":
            message = f"BIOS profile {profile.name} sets {', '.join(names)} without `SysProfile: Custom`"
            yield Problem(
                profile,
                ("attributes", names[0]),
                message,
                "the server may refuse them as read-only (not confirmed): add SysProfile: Custom",
            )


def _attribute(profile: BiosProfile, name: str, known: dict[str, BiosProfile]) -> str | int | None:
    seen: set[str] = set()
    current: BiosProfile | None = profile
    while current and current.name not in seen:
        if name in current.attributes:
            return current.attributes[name]
        seen.add(current.name)
        current = known.get(current.base or "")
    return None


@rule("IK2154")
def bios_password(site: Site, _index: Index) -> Iterator[Problem]:
    """A BIOS profile sets a password, which would stand in the inventory."""
    for profile in site.bios_profiles:
        for name in sorted(_PASSWORDS.intersection(profile.attributes)):
            message = f"BIOS profile {profile.name} sets {name}: a secret in the inventory"
            yield Problem(profile, ("attributes", name), message, "set it on the server itself, and change it now")

"""Drives: bays, media, boot mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem, an, severity_by
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_MEDIA = {"boss": ("m.2",), "2.5": ("hdd", "ssd", "nvme"), "3.5": ("hdd", "ssd"), "nvme": ("nvme",)}
_SHARED_BAYS = ("2.5", "nvme")
"""NVMe drives sit in 2.5-inch bays."""
_MIRROR = 2


@rule("IK2120")
def too_many_drives(site: Site, index: Index) -> Iterator[Problem]:
    """A profile has more drives of a size than any chassis of the model has bays."""
    for profile in site.server_profiles:
        model = index.server_model(profile)
        counts: dict[str, int] = {}
        for group in profile.disks if model else []:
            counts[group.bay] = counts.get(group.bay, 0) + group.count
            bays = model.drive_bays if model else None
            room = bays.value.get(group.bay, 0) if bays else 0
            if bays and counts[group.bay] > room >= counts[group.bay] - group.count:
                unsure = "" if bays.confirmed else " (catalogue figure not confirmed)"
                message = (
                    f"profile {profile.name} has {counts[group.bay]} drives in {group.bay} bays; {an(profile.model)} has {room}{unsure}"
                )
                yield Problem(group, "count", message, "use fewer, larger drives", severity_by(bays))


@rule("IK2121", "warning")
def chassis_mixed(site: Site, index: Index) -> Iterator[Problem]:
    """A profile mixes 3.5-inch and 2.5-inch bays: a chassis has one or the other in front."""
    for profile in site.server_profiles:
        bays = {group.bay for group in profile.disks}
        if index.server_model(profile) and "3.5" in bays and bays.intersection(_SHARED_BAYS):
            message = f"profile {profile.name} has drives in 3.5 and in {' and '.join(sorted(bays.intersection(_SHARED_BAYS)))} bays"
            yield Problem(profile, "disks", message, "choose the chassis variant, and drives for its bays")


@rule("IK2122")
def medium_in_wrong_bay(site: Site, _index: Index) -> Iterator[Problem]:
    """A drive does not fit in its bay."""
    for profile in site.server_profiles:
        for group in profile.disks:
            if group.media not in _MEDIA[group.bay]:
                message = f"profile {profile.name} has {group.media} drives in {group.bay} bays"
                yield Problem(group, "media", message, f"a {group.bay} bay takes {' or '.join(_MEDIA[group.bay])}")


@rule("IK2123")
def boot_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """A profile has no drives to boot from."""
    for profile in site.server_profiles:
        if not any(group.purpose == "boot" for group in profile.disks):
            yield Problem(
                profile,
                "disks",
                f"profile {profile.name} has no boot drives",
                "add a group with `purpose: boot`, two M.2 in raid1 as a rule",
            )


@rule("IK2124", "warning")
def boot_not_mirrored(site: Site, _index: Index) -> Iterator[Problem]:
    """Boot drives are not mirrored."""
    for profile in site.server_profiles:
        for group in profile.disks:
            if group.purpose == "boot" and group.raid != "raid1":
                message = f"the boot drives of profile {profile.name} are not mirrored"
                yield Problem(group, "purpose", message, "two M.2 drives with `raid: raid1`")


@rule("IK2125")
def mirror_impossible(site: Site, _index: Index) -> Iterator[Problem]:
    """A mirror does not have an even number of drives."""
    for profile in site.server_profiles:
        for group in profile.disks:
            if group.raid == "raid1" and group.count % _MIRROR:
                message = f"a raid1 of {group.count} drive(s) in profile {profile.name}"
                yield Problem(group, "count", message, "a mirror takes pairs of drives")

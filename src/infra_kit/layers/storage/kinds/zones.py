"""Access zones."""

from __future__ import annotations

from collections.abc import Iterator

from infra_kit.layers.storage.kind import Design, Kind, Place, Wanted


def _zones(design: Design) -> Iterator[Wanted]:
    for each in design.storage.access_zones:
        values = {"path": each.path, "groupnet": each.groupnet}
        needs = (f"groupnet/{each.groupnet}", f"directory/{each.path.strip('/')}")
        yield Wanted(each.name, values, needs, {"name": each.name})


ZONE = Kind(
    name="zone",
    path="zones",
    answer="zones",
    place=Place,
    wanted=_zones,
    fixed=frozenset({"groupnet"}),
    built_in=frozenset({"System"}),
)

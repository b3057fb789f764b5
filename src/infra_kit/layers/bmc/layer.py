"""The bmc layer: each server's identity, power, BIOS attributes and boot order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from infra_kit.layers.bmc.bios import Bios
from infra_kit.layers.bmc.boot import BootOrder
from infra_kit.layers.bmc.identity import Identity
from infra_kit.layers.bmc.power import Power
from infra_kit.layers.bmc.profiles import wanted_attributes
from infra_kit.layers.bmc.target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.resource import Created, Resource


class BmcLayer:
    """Servers through their BMCs. Users and credentials of a BMC are never changed."""

    name = "bmc"
    after: tuple[str, ...] = ()
    concurrency = 32

    def resources(self, site: Site) -> Sequence[Resource]:
        """Four resources a server, in the order in which its BMC is best asked; no boot order where the profile names none."""
        found: list[Resource] = []
        for server in site.servers:
            profile = site.profile_by_name[server.profile]
            target = Target(server, profile.model)
            found += [Identity(target), Power(target), Bios(target, wanted_attributes(site, server))]
            if profile.boot_order:
                found.append(BootOrder(target, tuple(profile.boot_order)))
        return found

    def leftovers(self, site: Site, created: Sequence[Created]) -> Sequence[Resource]:
        """Nothing: settings are changed, never created, and a server that left the inventory is not ours to touch any more."""
        del site, created
        return []

    def render(self, site: Site) -> Mapping[str, str]:
        """`bmc/NAME.json` a server: what it must be, and the BIOS attributes, boot order and power state it gets."""
        return {f"bmc/{server.name}.json": _rendered(site, server.name) for server in site.servers}


def _rendered(site: Site, name: str) -> str:
    server = site.server_by_name[name]
    profile = site.profile_by_name[server.profile]
    document = {
        "model": f"PowerEdge {profile.model}",
        "service_tag": server.service_tag,
        "bios": wanted_attributes(site, server),
        "boot_order": profile.boot_order,
        "power": server.power,
    }
    return json.dumps(document, indent=2) + "\n"


LAYER = BmcLayer()

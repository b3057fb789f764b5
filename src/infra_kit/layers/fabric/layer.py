"""The fabric layer: one resource and one file a switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.layers.fabric.facts import cabling
from infra_kit.layers.fabric.intent import intent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.layers.fabric.resource import SwitchConfiguration
    from infra_kit.plan.resource import Created, Resource


class FabricLayer:
    """OS10 switches."""

    name = "fabric"
    after: tuple[str, ...] = ("bmc",)
    concurrency = 16

    def resources(self, site: Site) -> Sequence[SwitchConfiguration]:
        """One a switch, in the inventory's order."""
        from infra_kit.layers.fabric.resource import SwitchConfiguration

        cables = cabling(site)
        return [SwitchConfiguration(intent(site, switch, cables)) for switch in site.switches]

    def leftovers(self, site: Site, created: Sequence[Created]) -> Sequence[Resource]:
        """None: a configuration is changed, never created; a switch that left the inventory is not touched."""
        del site, created
        return ()

    def render(self, site: Site) -> Mapping[str, str]:
        """`fabric/NAME.cfg` for every switch."""
        cables = cabling(site)
        return {f"fabric/{switch.name}.cfg": intent(site, switch, cables).text for switch in site.switches}


LAYER = FabricLayer()

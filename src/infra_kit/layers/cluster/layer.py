"""The cluster layer: the platform's objects, on a cluster that the hosts have become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.stacks.layer import StackLayer
from infra_kit.stacks.stack import Stack

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.resource import Layer

NAME = "cluster"
PLATFORM = "platform"


def stacks(_site: Site) -> list[Stack]:
    """The one stack of the platform."""
    return [Stack(NAME, PLATFORM)]


# The volumes are directories of the array's export.
LAYER: Layer = StackLayer(NAME, ("storage", "hosts"), frozenset({PLATFORM}), stacks)

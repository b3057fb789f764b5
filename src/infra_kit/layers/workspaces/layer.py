"""The workspaces layer: each workspace of the inventory is a stack that is changed by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.stacks.layer import StackLayer
from infra_kit.stacks.stack import Stack

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.resource import Layer

NAME = "workspaces"


def stacks(site: Site) -> list[Stack]:
    """A stack for each workspace."""
    return [Stack(NAME, NAME, workspace.name) for workspace in site.workspaces]


LAYER: Layer = StackLayer(NAME, ("cluster",), frozenset({NAME}), stacks)

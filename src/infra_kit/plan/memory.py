"""What infra-kit created, as the journal and the devices themselves remember it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_kit.plan.resource import Created, Layer, ReadContext


def recollected(layers: Sequence[Layer], journaled: Sequence[Created], context: ReadContext) -> tuple[list[Created], tuple[str, ...]]:
    """The journal's memory, and after it what only the devices remember.

    An empty record in the journal is that of a killed run: a device that remembers more of the same resource is believed.

    Args:
        layers: the selected ones; those that are no `RememberingLayer` add nothing.
        journaled: what the journal remembers.
        context: connections, which need not be able to write.

    Returns:
        What was created, and a notice for each layer whose devices could not be asked.
    """
    found = {each.id: each for each in journaled}
    notices = []
    for layer in layers:
        ask = getattr(layer, "remembered", None)
        if ask is None:
            continue
        try:
            told: Sequence[Created] = ask(context)
        except DeviceError as error:
            notices.append(f"what only the devices of layer {layer.name} remember is left out: {error}")
            continue
        for each in told:
            if each.id not in found or (not found[each.id].record and each.record):
                found[each.id] = each
    return list(found.values()), tuple(notices)

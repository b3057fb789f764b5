"""Variables of the role gpu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra_kit.layers.hosts.facts import HostFacts


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host."""
    return {"gpu_count": facts.gpus}

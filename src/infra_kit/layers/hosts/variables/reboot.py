"""Variables of the role reboot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra_kit.layers.hosts.facts import HostFacts


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host: kubectl runs on a control-plane host that does not go down meanwhile, where there is another."""
    if not (facts.is_control_plane or facts.is_kubernetes_worker):
        return {}
    masters = facts.kubernetes.control_plane
    return {"reboot_node": facts.name, "reboot_kubectl_host": next((name for name in masters if name != facts.name), facts.name)}

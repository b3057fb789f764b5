"""Variables of the role cloudera_host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra_kit.inventory.models.cluster import Cluster
    from infra_kit.layers.hosts.facts import HostFacts


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host. A lab's mirror does not have the agent, which is no free software."""
    cluster = facts.site.cluster
    manager = next((server.name for server in facts.site.servers if server.role == "utility"), "")
    if cluster is None or not manager or facts.stand_in is not None:
        return {"cloudera_host_agent": False}
    return {
        "cloudera_host_agent": True,
        "cloudera_host_manager": f"{manager}.{facts.site.site.domain}",
        "cloudera_host_repository": _repository(facts, cluster),
    }


def _repository(facts: HostFacts, cluster: Cluster) -> str:
    """Beside the parcels, in the folders of the vendor's own archive: cdh7/VERSION and cm7/VERSION."""
    mirror = cluster.parcel_mirror.rstrip("/").rsplit("/", 2)[0]
    major = facts.release.partition(".")[0]
    return f"{mirror}/cm7/{cluster.manager}/" + (f"redhat{major}/yum" if facts.family == "rhel" else f"debian{major}/apt")

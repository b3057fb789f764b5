"""Variables of the role container_runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra_kit.layers.hosts.facts import HostFacts

_REGISTRIES = {"registry.k8s.io", "docker.io", "quay.io", "ghcr.io", "nvcr.io", "gcr.io"}
"""Where images of charts and users come from, besides those of the catalogue."""
_PLUGINS = "/opt/cni/bin"
"""Where Cilium and Calico put their plug-ins."""


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host."""
    catalogued = {image.registry for image in facts.site.catalog.images.values()}
    found: dict[str, Any] = {
        "container_runtime_mirror": facts.registry.rstrip("/"),
        "container_runtime_mirror_plain_http": facts.stand_in is not None,
        "container_runtime_registries": sorted(catalogued | _REGISTRIES),
    }
    if facts.site.kubernetes is not None and facts.site.kubernetes.cni != "bridge":
        found["container_runtime_plugins"] = _PLUGINS
    if facts.gpus:
        found["container_runtime_handlers"] = [{"name": "nvidia", "binary": "/usr/bin/nvidia-container-runtime"}]
    return found

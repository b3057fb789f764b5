"""Where the cluster's images come from, when the site has a mirror.

The stacks name every image by the mirror itself (`parts.image`). What others name (Helm charts, users' manifests) is mirrored by the
nodes' containerd, whose settings the layer `hosts` writes; the very same are here for tools and people on the cluster: one
`hosts.toml` for each registry, to be put into `/etc/containerd/certs.d/REGISTRY/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap

from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.platform.frame import PLATFORM, inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi import Resource

    from infra_kit.inventory.models.site import Site

NAME = "registry-mirrors"


class RegistryMirrors(ComponentResource):
    """Makes the ConfigMap.

    Args:
        site: the site, which has a mirror.
        ground: what must be there before anything in the namespace.
        parent: the platform.
    """

    def __init__(self, site: Site, ground: Iterable[Resource], parent: Resource) -> None:
        super().__init__("infra-kit:platform:RegistryMirrors", NAME, None, ResourceOptions(parent=parent))
        place = inside(PLATFORM, self, *ground)
        ConfigMap(place.logical(NAME), metadata=place.metadata(NAME, "registry"), data=mirrors(site), opts=place.options())
        self.register_outputs({})


def mirrors(site: Site) -> dict[str, str]:
    """`REGISTRY.hosts.toml` for every registry of the image catalogue."""
    assert site.kubernetes is not None, "a platform's program runs only where there is a platform"
    host, _, path = site.kubernetes.registry_mirror.rstrip("/").partition("/")
    registries = sorted({each.registry for each in site.catalog.images.values()})
    return {
        f"{registry}.hosts.toml": rendered(
            "platform/hosts.toml.j2", registry=registry, host=host, path="/".join(filter(None, (path, registry)))
        )
        for registry in registries
    }

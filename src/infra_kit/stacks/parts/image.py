"""Image references: the catalogue's names, behind the site's mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.errors import ProgramError

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site


def image(site: Site, name: str) -> str:
    """The reference of an image, such as `quay.io/jupyterhub/k8s-hub:4.2.0@sha256:...`.

    Raises:
        ProgramError: the catalogue does not know it.
    """
    known = site.catalog.images.get(name)
    if known is None:
        raise ProgramError(f"no image `{name}` in the catalogue", remedy="add it to the site's catalog/ folder under `images:`")
    mirror = site.kubernetes.registry_mirror.rstrip("/") if site.kubernetes else ""
    host = f"{mirror}/{known.registry}" if mirror else known.registry
    digest = f"@{known.digest}" if known.digest else ""
    return f"{host}/{known.repository}:{known.tag}{digest}"

"""All that a site's lab hosts install from, found in the user's cache or got and built there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.mirror.images.building import build
from infra_kit.lab.mirror.images.catalogue import catalogue_images
from infra_kit.lab.mirror.images.kubernetes import kubernetes_images
from infra_kit.lab.mirror.images.store import Store
from infra_kit.lab.mirror.packages.repository import repository

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.mirror.images.store import Image
    from infra_kit.lab.mirror.packages.repository import Repository

    Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Supplies:
    """Packages and images, all of them on this machine."""

    repository: Repository
    images: list[Image]


def held(site: Site) -> Supplies:
    """What of it is on this machine already: packages and the cluster's own images, and whatever else of the site's images has been built.

    Raises:
        LabError: packages or the cluster's own images are missing; with how to get them.
    """

    def refuse(words: str) -> None:
        raise LabError(f"what the lab's hosts install from is not all here: {words}", remedy="`infra-kit lab up` gets it")

    found = supplies(site, refuse, images=())
    known = {image.recipe.reference for image in found.images}
    return Supplies(found.repository, [*found.images, *(image for image in built(site) if image.recipe.reference not in known)])


def built(site: Site) -> list[Image]:
    """Those images of a site's catalogue that have been built."""
    store = Store()
    return [image for recipe in catalogue_images(site) if (image := store.image(recipe)) is not None]


def unbuilt(site: Site) -> list[str]:
    """Full names of those images of a site's catalogue that the lab can make and has not."""
    store = Store()
    return [recipe.reference for recipe in catalogue_images(site) if store.image(recipe) is None]


def supplies(site: Site, say: Say, *, kubernetes: Sequence[str] = (), images: Collection[str] | None = None) -> Supplies:
    """Have what a site's hosts install from.

    Args:
        site: the site.
        say: called with each line of progress; silent where everything is there.
        kubernetes: versions of Kubernetes whose packages and images are wanted, such as `v1.36.3`; none: the site's own.
        images: names of the catalogue; none: every image that the lab has a recipe for.

    Raises:
        LabError: something can neither be got nor built; with what to do about it.
    """
    own = f"v{site.kubernetes.version.removeprefix('v')}" if site.kubernetes else ""
    versions = list(kubernetes) or [own]
    recipes = [recipe for version in versions for recipe in kubernetes_images(version)]
    recipes = list({recipe.reference: recipe for recipe in [*recipes, *catalogue_images(site, images)]}.values())
    packages = repository(say, kubernetes=[version for version in versions if version])
    return Supplies(packages, build(recipes, say))

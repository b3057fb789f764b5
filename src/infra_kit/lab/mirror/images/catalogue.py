"""The images of the catalogue that the lab can make: their `lab` recipes as layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from infra_kit.inventory.errors import LabError
from infra_kit.lab.mirror.images.making import NPM, PIP, known_programs
from infra_kit.lab.mirror.images.recipe import SUITE, Kind, Recipe, layers

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra_kit.inventory.catalog.software import ImageModel, LabImage
    from infra_kit.inventory.models.site import Site

PYTHON = "python3 ca-certificates procps"
_PATH = f"{PIP}/bin:{NPM}/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def catalogue_images(site: Site, names: Collection[str] | None = None) -> list[Recipe]:
    """Recipes of a site's images.

    Args:
        site: the site, with its catalogue.
        names: which, by their names in the catalogue; none: all that have a recipe.

    Raises:
        LabError: one of those asked for has no recipe.
    """
    known = site.catalog.images
    chosen = [model for name, model in known.items() if (model.lab if names is None else name in names)]
    without = [model.name for model in chosen if model.lab is None] + sorted(set(names or ()) - set(known))
    if without:
        raise LabError(
            f"the lab has no recipe for image {', '.join(without)}",
            remedy="write `lab:` for it into an entry of the site's catalog/ folder",
        )
    return list({recipe.reference: recipe for recipe in (_recipe(model, model.lab) for model in reversed(chosen) if model.lab)}.values())[
        ::-1
    ]


def without_recipe(site: Site) -> list[str]:
    """Names of the images that the lab cannot make."""
    return [name for name, model in site.catalog.images.items() if model.lab is None]


def reference(model: ImageModel) -> str:
    """How pods name an image, without the site's mirror."""
    return f"{model.registry}/{model.repository}:{model.tag}"


def _recipe(model: ImageModel, lab: LabImage) -> Recipe:
    steps = [_step(layer) for layer in lab.layers]
    if any(kind != "program" for kind, _ in steps):
        steps = _on_a_base(steps)
        steps += [("account", str(model.uid))] if model.uid else []
    steps += [("link", f"{path} {target}") for path, target in lab.links.items()]
    environment = {"PATH": _PATH, **({"PYTHONPATH": PIP} if any(kind == "pip" for kind, _ in steps) else {}), **lab.environment}
    return Recipe(reference(model), layers(*steps), tuple(lab.command), environment, model.uid)


def _on_a_base(steps: list[tuple[Kind, str]]) -> list[tuple[Kind, str]]:
    """With the base beneath, and Python's layer where something needs it, where other images have it too."""
    needs_python = any(kind == "pip" or what == PYTHON for kind, what in steps)
    python: list[tuple[Kind, str]] = [("apt", PYTHON)] if needs_python else []
    return [("base", SUITE), *python] + [step for step in steps if step != ("apt", PYTHON)]


def _step(layer: str) -> tuple[Kind, str]:
    kind, _, what = layer.partition(":")
    if kind == "python":
        return "apt", PYTHON
    if kind == "program":
        program = next((known for known in known_programs() if known.partition("@")[0] == what), None)
        if program is None:
            raise LabError(f"`{layer}`: the lab has no such program", remedy="see infra_kit/lab/programs/data/programs.yaml")
        return "program", program
    return cast("Kind", kind), what  # the catalogue's type allows no other

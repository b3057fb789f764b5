"""`python -m infra_kit.lab.mirror SITE`: get and build what the site's lab hosts install from, and say what there is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import InfraKitError
from infra_kit.inventory.load import load_site
from infra_kit.lab.mirror.images.catalogue import reference, without_recipe
from infra_kit.lab.mirror.supplies import supplies

if TYPE_CHECKING:
    from collections.abc import Sequence

_MB = 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    """Get and build it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra_kit.lab.mirror", description="Get and build what lab hosts install from.")
    parser.add_argument("site", type=Path, help="the site's folder")
    parser.add_argument("--kubernetes", action="append", default=[], metavar="VERSION", help="a version of Kubernetes; the site's own")
    parser.add_argument("--images", metavar="NAMES", help="images of the catalogue, separated by commas; all that have a recipe")
    wanted = parser.parse_args(arguments)
    images = None if wanted.images is None else [name for name in wanted.images.split(",") if name]
    try:
        site = load_site(wanted.site)
        found = supplies(site, lambda words: print(words, flush=True), kubernetes=wanted.kubernetes, images=images)  # noqa: T201  a program of its own
    except InfraKitError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return int(error.exit_code)
    print(f"packages: {found.repository.folder}")  # noqa: T201
    for image in found.images:
        print(f"{image.size / _MB:6.0f} MB  {image.recipe.reference}")  # noqa: T201
    built = {image.recipe.reference for image in found.images}
    left = [name for name in without_recipe(site) if reference(site.catalog.images[name]) not in built]
    print(f"no recipe: {', '.join(left)}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())

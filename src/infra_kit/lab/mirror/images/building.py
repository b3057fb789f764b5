"""Building what is missing of images: layer by layer, one process at a time, each layer whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.lab.cache import alone
from infra_kit.lab.mirror.images.making import Ground, make
from infra_kit.lab.mirror.images.packing import pack
from infra_kit.lab.mirror.images.recipe import GROWN
from infra_kit.lab.mirror.images.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infra_kit.lab.mirror.images.recipe import Layer, Recipe
    from infra_kit.lab.mirror.images.store import Image

    Say = Callable[[str], object]

_MB = 1e6


def build(recipes: Sequence[Recipe], say: Say, store: Store | None = None) -> list[Image]:
    """Build what is missing of some images.

    Args:
        recipes: the images.
        say: called with each line of progress; silent where everything is there.
        store: where layers are kept; none: the user's cache.

    Raises:
        LabError: a layer cannot be made; those made before it stay.
    """
    store = store or Store()
    if store.missing(recipes):
        with alone(store.root, lambda: say("another process is building images; waiting for it")):
            for left in store.root.glob("layers/new-*"):  # of a build that was killed
                shutil.rmtree(left, ignore_errors=True)
            missing = store.missing(recipes)
            for number, layer in enumerate(missing, 1):
                _build(layer, store, lambda words, n=number: say(f"[{n}/{len(missing)}] {words}"))  # type: ignore[misc]
    return [image for recipe in recipes if (image := store.image(recipe)) is not None]


def _build(layer: Layer, store: Store, say: Say) -> None:
    started = time.monotonic()
    say(f"{layer}: building")
    home = store.folder(layer)
    home.parent.mkdir(parents=True, exist_ok=True)
    below = [store.folder(lower) / "tree" for lower in layer.ground if lower.kind in GROWN]
    with tempfile.TemporaryDirectory(dir=home.parent, prefix="new-") as scratch:
        fresh = Path(scratch, "layer")
        tree = fresh / "tree"
        tree.mkdir(parents=True)
        fresh.chmod(0o755)
        make(layer, Ground(below, tree, say))
        packed = pack(tree, fresh / "layer.tar")
        if layer.kind not in GROWN:
            shutil.rmtree(tree)
        (fresh / "layer.json").write_text(json.dumps(asdict(packed)), encoding="utf-8")
        shutil.rmtree(home, ignore_errors=True)
        fresh.rename(home)  # whole or not at all
    say(f"{layer}: {packed.size / _MB:.0f} MB in {time.monotonic() - started:.0f} s")

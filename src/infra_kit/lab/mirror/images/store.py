"""The cache of layers, and what a registry serves of them: manifests, configurations, blobs."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from infra_kit.lab.cache import cache_folder
from infra_kit.lab.mirror.images.packing import Packed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infra_kit.lab.mirror.images.recipe import Layer, Recipe

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Image:
    """An image that is there as a whole.

    Args:
        recipe: what it was made by.
        layers: digest and file of each layer, the lowest first.
    """

    recipe: Recipe
    layers: tuple[tuple[Packed, Path], ...]

    @cached_property
    def config(self) -> bytes:
        """Its configuration."""
        architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
        return _json(self.recipe.config(architecture, [packed.digest for packed, _ in self.layers]))

    @cached_property
    def manifest(self) -> bytes:
        """Its manifest (OCI image specification, manifest.md)."""
        return _json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "config": {"mediaType": CONFIG_TYPE, "digest": digest_of(self.config), "size": len(self.config)},
                "layers": [{"mediaType": LAYER_TYPE, "digest": packed.digest, "size": packed.size} for packed, _ in self.layers],
            }
        )

    @property
    def size(self) -> int:
        """Bytes of its layers."""
        return sum(packed.size for packed, _ in self.layers)


class Store:
    """Layers by their recipe's digest, each a folder with its tar, and its tree where others grow on it.

    Args:
        root: the folder; none: the user's cache.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or cache_folder("images")

    def folder(self, layer: Layer) -> Path:
        """Where a layer is, or will be."""
        return self.root / "layers" / layer.key

    def packed(self, layer: Layer) -> Packed | None:
        """A layer's digest and size; None where it is not there."""
        try:
            return Packed(**json.loads((self.folder(layer) / "layer.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def image(self, recipe: Recipe) -> Image | None:
        """An image; None where one of its layers is not there."""
        found: list[tuple[Packed, Path]] = []
        for layer in recipe.top.stack:
            packed = self.packed(layer)
            if packed is None:
                return None
            found.append((packed, self.folder(layer) / "layer.tar"))
        return Image(recipe, tuple(found))

    def missing(self, recipes: Sequence[Recipe]) -> list[Layer]:
        """Every layer of these images that is not there, each once, the lower ones first."""
        wanted = dict.fromkeys(each for recipe in recipes for layer in recipe.top.stack for each in (*layer.ground, layer))
        return [layer for layer in wanted if self.packed(layer) is None]


def digest_of(content: bytes) -> str:
    """`sha256:...` of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()

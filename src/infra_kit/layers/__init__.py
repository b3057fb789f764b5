"""The layers. Each turns the site into resources and talks to its own devices; none imports another."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_kit.plan.resource import Layer

NAMES = ("bmc", "fabric", "storage", "hosts", "cluster", "workspaces")
"""In the order in which they are applied."""

TALKS_TO = {
    "bmc": "bmcs",
    "fabric": "switches",
    "storage": "array",
    "hosts": "hosts",
    "cluster": "kubernetes",
    "workspaces": "kubernetes",
}
"""Layer -> the part of a site that it talks to, by the name that `lab up --without` knows it by."""


def layers(names: Sequence[str] = NAMES) -> list[Layer]:
    """The named layers, imported only now: each brings its own client library.

    A layer package `infra_kit.layers.X` has a module `layer` with the object `LAYER`.
    """
    return [import_module(f"infra_kit.layers.{name}.layer").LAYER for name in NAMES if name in names]

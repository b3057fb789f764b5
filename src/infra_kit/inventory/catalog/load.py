"""The catalogue's data files, shipped and site-made, into one Catalog."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from infra_kit.inventory.catalog import Catalog
from infra_kit.inventory.findings import Finding


@cache
def shipped() -> Catalog:
    """The catalogue that comes with infra-kit."""
    return Catalog({}, {}, {}, {}, {}, {})


def load_catalog(folder: Path) -> tuple[Catalog, list[Finding]]:
    """The shipped catalogue and what the site's folder adds or replaces, with the findings of the site's files."""
    return shipped(), []

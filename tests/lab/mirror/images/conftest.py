"""A store in the test's own folder, and a small image that needs no tool and no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.lab.mirror.images.recipe import Recipe, layers
from infra_kit.lab.mirror.images.store import Store

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "images")


@pytest.fixture
def small() -> Recipe:
    top = layers(("account", "1234"), ("link", "/opt/there /somewhere/else"))
    return Recipe("quay.io/some/thing:1.0", top, ("run", "it"), {"PATH": "/usr/bin"}, 1234)


@pytest.fixture(scope="session")
def configuration_1() -> Site:
    return load_site(Path(__file__).parents[4] / "inventory" / "configuration-1")

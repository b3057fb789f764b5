"""All that a site's hosts install from: said where it is missing, found without a word where it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.inventory.load import load_site
from infra_kit.lab.mirror import __main__ as command
from infra_kit.lab.mirror.images.kubernetes import kubernetes_images
from infra_kit.lab.mirror.supplies import Supplies, held, supplies

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.models.site import Site


@pytest.fixture
def site(site_folder: Path) -> Site:
    return load_site(site_folder)


@pytest.fixture
def all_here(site: Site) -> Supplies:
    try:
        return held(site)
    except LabError as error:
        pytest.skip(str(error))


def test_what_is_missing_is_said_before_anything_is_begun(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(LabError, match=r"not all here: getting \d+ packages .*lab up"):
        held(site)
    assert not list((tmp_path / "cache").rglob("*.deb"))


def test_what_is_here_is_found_without_a_word(site: Site, all_here: Supplies) -> None:
    said: list[str] = []
    found = supplies(site, said.append, images=())
    assert said == []
    assert [image.recipe.reference for image in found.images] == [recipe.reference for recipe in kubernetes_images("v1.36.3")]
    assert {image.recipe.reference for image in found.images} <= {image.recipe.reference for image in all_here.images}


def test_the_command_lists_it(site_folder: Path, all_here: Supplies, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(site_folder), "--images", ""]) == 0
    said = capsys.readouterr().out
    assert f"packages: {all_here.repository.folder}" in said
    assert "registry.k8s.io/kube-proxy:v1.36.3" in said
    assert "no recipe: session-python-gpu, session-r, session-rstudio, session-scala, session-vscode\n" in said


def test_the_command_says_what_it_cannot_make(site_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(site_folder), "--images", "session-r"]) == 1
    assert "no recipe for image session-r" in capsys.readouterr().err

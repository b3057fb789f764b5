"""The shipped images, runtimes and sizes fit together, and a site pins or replaces them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra_kit.inventory.catalog.load import DATA, load_catalog, shipped
from infra_kit.inventory.models.workspaces import UserQuota
from infra_kit.inventory.quantities import in_bytes, millicores

IMAGES = shipped().images
DIGEST = f"sha256:{'0123456789abcdef' * 4}"


@pytest.mark.parametrize("name", sorted(IMAGES))
def test_an_image_is_pinned_by_a_tag_that_stays(name: str) -> None:
    image = IMAGES[name]
    assert image.tag
    assert image.tag != "latest"
    assert "." in image.registry
    assert not image.repository.startswith("/")
    assert image.digest == "", "nobody has read digests off a registry yet"


@pytest.mark.parametrize("name", sorted(name for name, image in IMAGES.items() if image.lab))
def test_a_recipe_says_where_it_was_seen(name: str) -> None:
    lab = IMAGES[name].lab
    assert lab is not None
    assert lab.layers
    assert lab.command
    assert len(lab.source) > 5


def test_no_shipped_name_is_defined_twice() -> None:
    for section in ("images", "runtimes", "sizes"):
        names = [each["name"] for path in sorted(DATA.rglob("*.yaml")) for each in yaml.safe_load(path.read_text()).get(section) or ()]
        assert sorted(names) == sorted(set(names)), "a later file would replace the earlier one's entry"


def test_only_what_must_runs_as_root() -> None:
    assert {name for name, image in IMAGES.items() if image.uid == 0} == {"nvidia-device-plugin"}


def test_runtimes_name_images_that_are_there() -> None:
    for runtime in shipped().runtimes.values():
        assert runtime.image in IMAGES
        assert runtime.serves is None or runtime.serves in IMAGES
    assert {runtime.kernel for runtime in shipped().runtimes.values()} == {"python", "r", "scala"}
    assert {runtime.editor for runtime in shipped().runtimes.values()} >= {"jupyterlab", "vscode", "rstudio"}


def test_there_is_a_size_for_every_kind_of_runtime_and_the_default_user() -> None:
    sizes = shipped().sizes.values()
    assert {bool(size.gpus) for size in sizes} == {runtime.gpu for runtime in shipped().runtimes.values()}
    user = UserQuota()
    medium = shipped().sizes["medium"]
    assert (millicores(medium.cpu), in_bytes(medium.memory)) == (millicores(user.cpu), in_bytes(user.memory))


def test_a_site_pins_an_image_and_adds_a_runtime(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        f"images:\n- {{name: mlflow, registry: ghcr.io, repository: mlflow/mlflow, tag: v3.16.1-full, digest: '{DIGEST}'}}\n"
        "runtimes:\n- {name: julia, title: Julia, kernel: python, kernel_version: '1', editor: jupyterlab, image: session-python}\n"
    )
    catalog, documents = load_catalog(tmp_path)
    assert [document.findings for document in documents] == [[]]
    assert catalog.images["mlflow"].digest == DIGEST
    assert set(catalog.images) == set(IMAGES)
    assert "julia" in catalog.runtimes


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("images: [{name: x, registry: r.io, repository: x, tag: '1', digest: md5:1}]", "images[name=x].digest"),
        ("images: [{name: x, registry: r.io, repository: x, tag: '1', uid: -1}]", "images[name=x].uid"),
        (
            "images: [{name: x, registry: r.io, repository: x, tag: '1', lab: {layers: ['gem:x'], command: [x], source: none}}]",
            "images[name=x].lab.layers[0]",
        ),
        ("sizes: [{name: x, cpu: many, memory: 1Gi}]", "sizes[name=x].cpu"),
    ],
)
def test_a_defect_of_a_site_catalogue_has_its_place(text: str, path: str, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(text)
    _, documents = load_catalog(tmp_path)
    assert [finding.path for document in documents for finding in document.findings] == [path]

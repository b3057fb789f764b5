"""What the catalogue's recipes become, and that every image of the platform and its workspaces has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.mirror.images.catalogue import PYTHON, catalogue_images, without_recipe
from infra_kit.lab.mirror.images.kubernetes import kubernetes_images
from infra_kit.lab.mirror.images.recipe import SUITE

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site


def _steps(site: Site, name: str) -> list[str]:
    [recipe] = catalogue_images(site, [name])
    return [f"{layer.kind}:{layer.what}" for layer in recipe.top.stack]


def test_a_recipe_becomes_layers_over_a_base(configuration_1: Site) -> None:
    assert _steps(configuration_1, "auth-proxy") == [f"base:{SUITE}", "apt:nginx-light", "account:101"]
    assert _steps(configuration_1, "operations") == [f"base:{SUITE}", f"apt:{PYTHON}", "account:10001"]
    spark = _steps(configuration_1, "spark")
    assert spark[:2] == [f"base:{SUITE}", f"apt:{PYTHON}"], "what pip installs needs Python"
    assert spark[-2:] == ["account:185", "link:/opt/spark /opt/pip/pyspark"]


def test_a_program_of_ours_needs_no_base(configuration_1: Site) -> None:
    assert _steps(configuration_1, "traefik") == ["program:stand-in@v1.0.0"]
    [recipe] = catalogue_images(configuration_1, ["traefik"])
    assert recipe.environment["STAND_IN_FOR"] == "traefik"


def test_images_share_layers(configuration_1: Site) -> None:
    spark, session = catalogue_images(configuration_1, ["spark", "session-python"])
    shared = set(spark.top.stack) & set(session.top.stack)
    assert {layer.kind for layer in shared} == {"base", "apt", "pip"}


def test_each_reference_is_there_once(configuration_1: Site) -> None:
    references = [recipe.reference for recipe in catalogue_images(configuration_1)]
    assert len(references) == len(set(references))
    assert "ghcr.io/mlflow/mlflow:v3.16.1-full" in references, "two names of the catalogue"
    mlflow = next(recipe for recipe in catalogue_images(configuration_1) if recipe.reference.startswith("ghcr.io/mlflow"))
    assert mlflow.entrypoint == ("python3", "-m", "mlflow", "server"), "the first of them"


def test_only_other_sessions_have_no_recipe(configuration_1: Site) -> None:
    left = set(without_recipe(configuration_1)) - {"pause"}
    assert left == {"session-python-gpu", "session-r", "session-rstudio", "session-scala", "session-vscode"}
    pause = configuration_1.catalog.images["pause"]
    assert f"{pause.registry}/{pause.repository}:{pause.tag}" in [recipe.reference for recipe in kubernetes_images()]


def test_what_has_no_recipe_is_said(configuration_1: Site) -> None:
    with pytest.raises(LabError, match=r"no recipe for image session-r, no-such.*catalog/ folder"):
        catalogue_images(configuration_1, ["session-r", "no-such", "postgres"])


def test_kubeadms_names_and_tags() -> None:
    assert [recipe.reference.removeprefix("registry.k8s.io/") for recipe in kubernetes_images()] == [
        *(f"kube-{name}:v1.36.3" for name in ("apiserver", "controller-manager", "scheduler")),
        *("etcd:3.6.8-0", "pause:3.10.2", "coredns/coredns:v1.14.2", "kube-proxy:v1.36.3"),
    ]


def test_another_version_has_its_own_programs_and_tags() -> None:
    images = {recipe.reference: recipe for recipe in kubernetes_images("v1.35.4")}
    assert "registry.k8s.io/etcd:3.6.6-0" in images
    assert images["registry.k8s.io/kube-apiserver:v1.35.4"].top.what == "kube-apiserver@v1.35.4"
    drill = {recipe.reference: recipe for recipe in kubernetes_images("v1.36.2")}
    assert drill["registry.k8s.io/kube-proxy:v1.36.2"].top.beneath == kubernetes_images()[-1].top.beneath, "the tools are shared"
    with pytest.raises(LabError, match=r"no Kubernetes v1\.2\.3"):
        kubernetes_images("v1.2.3")

"""The workspaces layer has a stack for each workspace."""

from __future__ import annotations

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.layers.workspaces.layer import LAYER, stacks


@pytest.fixture
def site(reference_site):
    return load_site(reference_site)


def test_each_workspace_is_a_stack_with_a_scope_of_its_own(site):
    assert [(each.name, each.scope) for each in stacks(site)] == [
        (f"workspaces.{workspace.name}", f"workspaces/{workspace.name}") for workspace in site.workspaces
    ]


def test_each_object_of_a_workspace_is_a_resource_and_is_rendered(site):
    resources = LAYER.resources(site)
    assert all(each.id.startswith("workspaces/") for each in resources)
    assert len({each.id for each in resources}) == len(resources), "two workspaces never share an object"
    assert {each.scope for each in resources} == {f"workspaces/{workspace.name}" for workspace in site.workspaces}
    files = LAYER.render(site)
    assert {path.split("/")[1] for path in files} == {workspace.name for workspace in site.workspaces}
    assert sum(text.count("---\napiVersion:") for text in files.values()) == len(resources)

"""The cluster layer is the platform's stack."""

from __future__ import annotations

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.layers.cluster.layer import LAYER, stacks


@pytest.fixture
def site(reference_site):
    return load_site(reference_site)


def test_the_platform_is_one_stack_of_the_whole_site(site):
    [stack] = stacks(site)
    assert (stack.name, stack.scope) == ("platform", "")


def test_each_object_of_the_platform_is_a_resource_and_is_rendered(site):
    ids = [each.id for each in LAYER.resources(site)]
    assert ids
    assert all(each.startswith("cluster/") for each in ids)
    assert len(set(ids)) == len(ids)
    files = LAYER.render(site)
    assert all(path.startswith("cluster/platform/") for path in files)
    assert sum(text.count("---\napiVersion:") for text in files.values()) == len(ids)
    assert all(each.scope == "" for each in LAYER.resources(site))

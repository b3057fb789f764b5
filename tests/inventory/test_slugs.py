"""Users' names as Kubernetes takes them, judged by KubeSpawner's own code; any name at all: tests/stacks/workspaces/test_slugs.py."""

from __future__ import annotations

import pytest

from infra_kit.inventory.slugs import SLUG_LENGTH, hub_name, safe_slug, user_slug

NAMES = ["ada", "Ada", "ada.lovelace", "ada@example.org", "x--y", "1st", "-", "", "ß", "a" * 48, "a" * 49, "a-", "ada_lovelace", "数学"]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_kubespawners(name):
    slugs = pytest.importorskip("kubespawner.slugs")
    assert safe_slug(name) == slugs.safe_slug(name, max_length=SLUG_LENGTH)


def test_the_hub_does_not_tell_capitals_apart():
    assert hub_name("Ada") == "ada"
    assert user_slug("Ada") == user_slug("ada") == "ada"

"""Users' names as Kubernetes takes them; the judge is KubeSpawner itself."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kubespawner import slugs as judge

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.workspaces.names import Names
from infra_kit.stacks.workspaces.slugs import SLUG_LENGTH, safe_slug, user_slug

from .conftest import large, reference

_NAMES = st.one_of(
    st.text(max_size=80), st.from_regex(r"[a-z][a-z0-9-]{0,60}", fullmatch=True), st.emails(), st.text("aA1-._@\\ ", max_size=60)
)


@settings(max_examples=1000, deadline=None)
@given(_NAMES)
@example("")
@example("-")
@example("a--b")
@example("1ada")
@example("x" * SLUG_LENGTH)
@example("x" * (SLUG_LENGTH + 1))
@example("ada\n")
@example("Ünïcode")
def test_slug_is_kubespawners(name):
    assert safe_slug(name) == judge.safe_slug(name, max_length=SLUG_LENGTH)


def test_the_hub_knows_users_in_lower_case():
    assert user_slug("Ada") == "ada"
    assert user_slug("Alan.Turing@example.org") == judge.safe_slug("alan.turing@example.org", max_length=SLUG_LENGTH)


def test_a_namespace_that_would_be_too_long_is_refused_with_a_remedy():
    workspace = large(name="a-workspace-with-a-very-long-name-indeed", users=["somebody.with.a.very.long.name@example.org"], admins=[])
    with pytest.raises(ProgramError, match=r"characters of at most 63.*shorter name"):
        Names(reference(), workspace)


def test_two_users_that_are_one_to_the_hub_are_refused():
    with pytest.raises(ProgramError, match=r"Ada and ada.*both `ada`"):
        Names(reference(), large(users=["Ada", "ada"], admins=[]))

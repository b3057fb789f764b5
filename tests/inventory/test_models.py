from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from infra_kit.inventory.load import load_site
from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.models.site import Site

REFERENCE = Path(__file__).parents[2] / "inventory"


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(REFERENCE / "configuration-1")


def nouns(kind: type[Noun] = Noun) -> list[type[Noun]]:
    """Every noun; the parametrized forms of a generic one are the same class again."""
    return [each for child in kind.__subclasses__() for each in (child, *nouns(child)) if "[" not in each.__name__]


@pytest.mark.parametrize("noun", nouns(), ids=lambda noun: noun.__name__)
def test_every_noun_is_closed_strict_and_immutable(noun: type[Noun]) -> None:
    assert noun.model_config.get("extra") == "forbid"
    assert noun.model_config.get("strict") is True
    assert noun.model_config.get("frozen") is True
    assert noun.__doc__


def test_a_site_cannot_be_changed(site: Site) -> None:
    with pytest.raises(ValidationError):
        site.servers[0].name = "other"  # type: ignore[misc]


def test_look_ups_by_name(site: Site) -> None:
    assert site.server_by_name["worker01"] in site.servers
    assert site.switch_by_name["leaf01a"] in site.switches
    assert site.network_by_name["out-of-band"] in site.networks
    assert site.rack_by_name["rack01"] in site.racks
    assert site.profile_by_name["master"] in site.server_profiles
    assert site.credential_by_name["bmc"] in site.credentials
    assert site.folder == REFERENCE / "configuration-1"


def test_a_site_survives_a_round_trip(site: Site) -> None:
    dumped = site.model_dump(mode="json", exclude_unset=True)
    assert Site.model_validate(dumped).model_dump(mode="json") == site.model_dump(mode="json")


def test_memory_adds_up(site: Site) -> None:
    memory = site.profile_by_name["master"].memory
    assert memory.total_gib == memory.dimms * memory.dimm_gib

import pytest

from infra_kit.inventory.catalog.load import shipped
from infra_kit.inventory.errors import UsageError
from infra_kit.lab.onefs.versions import Versions as LabVersions
from infra_kit.layers.storage.versions import Versions, _table, parse

RELEASES = _table()["releases"]


def test_a_release_sorts_by_number_not_by_letter():
    assert parse("9.10") > parse("9.9")
    assert parse("v9.5.0.3") == (9, 5, 0, 3)


@pytest.mark.parametrize(
    ("onefs", "path"),
    [
        ("9.5", "/platform/16/network/pools"),
        ("9.7", "/platform/18/network/pools"),
        ("9.9", "/platform/19/network/pools"),
        ("9.12.0.1", "/platform/21/network/pools"),
    ],
)
def test_the_number_in_a_path_depends_on_the_release(onefs, path):
    assert Versions(onefs).path("network/pools") == path


@pytest.mark.parametrize("onefs", RELEASES)
def test_the_lab_answers_every_version_that_the_layer_asks_for(onefs):
    layer, lab = Versions(onefs), LabVersions(onefs)
    for resource in _table()["resources"]:
        number = int(layer.path(resource, dict.fromkeys(("group", "groupnet", "subnet", "proxyuser"), "x")).split("/")[2])
        known = next(each for each in lab._steps if each == resource)
        assert lab.answers(known, number), (resource, number)


@pytest.mark.parametrize("onefs", ["8.2", "9.4", "10.0", "nine", ""])
def test_an_unknown_release_is_refused_with_the_known_ones(onefs):
    with pytest.raises(UsageError, match=r"9\.12"):
        Versions(onefs)


def test_the_catalogue_and_the_table_know_the_same_releases():
    assert shipped().arrays["H5600"].onefs_releases.value == RELEASES


def test_names_are_quoted_in_paths():
    path = Versions("9.5").path("auth/groups/{group}/members", {"group": "GROUP:a/b"}, "USER:c d")
    assert path == "/platform/1/auth/groups/GROUP%3Aa%2Fb/members/USER%3Ac%20d"


def test_a_value_is_called_as_the_release_calls_it():
    assert Versions("9.6").value("aggregation_mode", "fec") == "fec"
    assert Versions("9.7").value("aggregation_mode", "fec") == "loadbalance"
    assert Versions("9.7").value("aggregation_mode", "lacp") == "lacp"

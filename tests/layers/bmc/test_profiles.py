import pytest

from infra_kit.inventory.catalog.load import shipped
from infra_kit.inventory.errors import InventoryError
from infra_kit.inventory.models.bios import BiosProfile
from infra_kit.lab.redfish.attributes import defect, entries, factory_values, implied
from infra_kit.layers.bmc.profiles import resolved, wanted_attributes


def profiles(*rows):
    return {name: BiosProfile(name=name, base=base, attributes=attributes) for name, base, attributes in rows}


def test_a_profile_stands_on_its_base_and_wins():
    known = profiles(("a", None, {"X": "1", "Y": "1"}), ("b", "a", {"Y": "2"}), ("c", "b", {"Z": 3}))
    assert resolved("c", known) == {"X": "1", "Y": "2", "Z": 3}
    assert list(resolved("c", known)) == ["X", "Y", "Z"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("a", "b", {}), ("b", "a", {})], "its own base: a -> b -> a"),
        ([("a", "gone", {})], "no BIOS profile gone"),
        ([], "no BIOS profile a"),
    ],
)
def test_what_cannot_be_resolved(rows, words):
    with pytest.raises(InventoryError, match=words):
        resolved("a", profiles(*rows))


def test_a_sites_profile_goes_before_the_shipped_one(stand):
    assert wanted_attributes(stand.site, stand.site.server_by_name["master01"]) == {
        "LogicalProc": "Enabled",
        "ProcVirtualization": "Enabled",
        "SysProfile": "PerfOptimized",
    }


@pytest.mark.parametrize("name", sorted(shipped().bios_profiles))
def test_every_shipped_profile_is_one_that_the_bios_takes_and_keeps(name):
    wanted = resolved(name, shipped().bios_profiles)
    assert set(wanted) <= set(entries())
    after = {**factory_values("PowerEdge R6515", "TAG0001", "EPYC"), **wanted}
    assert [found for attribute, value in wanted.items() if (found := defect(attribute, value, after))] == []
    for attribute, value in wanted.items():
        brought = implied(attribute, value)
        assert {key: wanted[key] for key in brought.keys() & wanted.keys()} == {key: brought[key] for key in brought.keys() & wanted.keys()}

from __future__ import annotations

from pathlib import Path

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.rules import registry
from infra_kit.inventory.rules.engine import places
from infra_kit.inventory.rules.problem import an, severity_by, worded
from infra_kit.inventory.rules.registry import Rule, enter, every_rule

REFERENCE = Path(__file__).parents[3] / "inventory"
FAMILIES = Path(registry.__file__).parent


def test_every_noun_has_its_place_and_leads_back() -> None:
    site = load_site(REFERENCE / "configuration-1")
    for path in places(site).values():
        value: object = site
        for key in path:
            value = getattr(value, key) if isinstance(key, str) else value[key]  # type: ignore[index]
        assert isinstance(value, Noun)
        assert places(site)[id(value)] == path if len(path) < 2 else True


def test_families_are_the_modules() -> None:
    modules = {path.stem for path in FAMILIES.glob("*.py")} - {
        "__init__",
        "capacity",
        "engine",
        "index",
        "needs",
        "problem",
        "registry",
        "estimates",
    }
    assert {rule.family for rule in every_rule()} == modules


def test_ids_follow_the_documented_hundreds() -> None:
    import infra_kit.inventory.rules as package

    documented = {line[4:6] for line in (package.__doc__ or "").splitlines() if line.startswith("| IK")}
    assert {rule.id[2:4] for rule in every_rule()} == documented


def test_an_id_is_taken_once_and_explained() -> None:
    every_rule()
    with pytest.raises(ValueError, match="IK1203"):
        enter(Rule("IK1203", "error", "x", "again."))
    with pytest.raises(ValueError, match="IK9999"):
        enter(Rule("IK9999", "error", "x", ""))


def test_unconfirmed_figures_only_warn_and_say_so() -> None:
    model = load_site(REFERENCE / "configuration-1").catalog.servers["R7525"]
    assert severity_by(model.rack_units) is None
    assert severity_by(model.rack_units, model.max_double_wide_gpus) == "warning"
    assert worded(model.rack_units) == "2"
    assert worded(model.max_double_wide_gpus) == "3 (catalogue figure not confirmed)"
    names = ["R6515", "S5248F-ON", "H5600", "Z9432F-ON", "edge", "worker"]
    assert [an(name).split()[0] for name in names] == ["an", "an", "an", "a", "an", "a"]

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from infra_kit.inventory.defects import defects
from infra_kit.inventory.models.server import Nic
from infra_kit.inventory.models.switch import Switch

NIC: dict[str, Any] = {"name": "a", "mac": "02:00:00:00:00:01", "speed_gbps": 25, "switch": "leaf", "port": "1/1/1"}


@pytest.mark.parametrize(
    ("change", "rule", "path", "message"),
    [
        ({"mac": "x"}, "IK0101", ("mac",), "should be a MAC address in lower case with colons, such as 02:1c:01:00:06:00"),
        ({"port": "eth1"}, "IK0101", ("port",), "should be a port as OS10 writes it, such as 1/1/53, or 1/1/53:2 for a lane"),
        ({"speed_gbps": "25"}, "IK0101", ("speed_gbps",), "should be a whole number"),
        ({"speed_gbps": 0}, "IK0101", ("speed_gbps",), "should be greater than 0"),
        ({"name": 7}, "IK0101", ("name",), "should be text"),
        ({"colour": "red"}, "IK0102", ("colour",), "unknown key `colour`"),
    ],
)
def test_each_defect_is_said_in_words(change: dict[str, Any], rule: str, path: tuple[str, ...], message: str) -> None:
    value = NIC | change
    with pytest.raises(ValidationError) as caught:
        Nic.model_validate(value)
    (found,) = defects(caught.value, value)
    assert (found.rule, found.path, found.message) == (rule, path, message)
    assert found.hint


def test_a_missing_key_is_named_where_it_should_be() -> None:
    value = {key: item for key, item in NIC.items() if key != "mac"}
    with pytest.raises(ValidationError) as caught:
        Nic.model_validate(value)
    assert [(found.rule, found.path) for found in defects(caught.value, value)] == [("IK0103", ("mac",))]


def test_the_tags_of_a_union_are_no_part_of_the_path() -> None:
    value = {"scope": 5}
    with pytest.raises(ValidationError) as caught:
        Switch.model_validate(value)
    assert {found.path for found in defects(caught.value, value) if found.rule == "IK0101"} == {("scope",)}


def test_the_value_is_never_repeated() -> None:
    value = NIC | {"mac": "hunter2", "switch": {"password": "hunter2"}}
    with pytest.raises(ValidationError) as caught:
        Nic.model_validate(value)
    assert "hunter2" not in "".join(found.message + found.hint for found in defects(caught.value, value))

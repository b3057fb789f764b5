from __future__ import annotations

from infra_kit.inventory.errors import causes


def test_an_error_comes_first_and_what_it_came_from_last():
    first, second, third = OSError("a"), ValueError("b"), KeyError("c")
    second.__context__, third.__cause__ = first, second
    assert list(causes(third)) == [third, second, first]


def test_one_that_leads_back_to_itself_is_walked_once():
    one, other = OSError("a"), ValueError("b")
    one.__cause__, other.__context__ = other, one
    assert list(causes(one)) == [one, other]

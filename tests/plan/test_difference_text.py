"""One difference as a person reads it: beside each other what is short, entry by entry what is a list, cut what is long."""

from __future__ import annotations

from typing import Any

import pytest

from infra_kit.plan.difference_text import change_lines
from infra_kit.plan.resource import Change

ADA = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ada"}
RISK = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "ada"}
EVE = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "eve"}


def _lines(before: Any, after: Any, mask=str) -> list[str]:
    return [line.plain for line in change_lines(Change("at", before, after), mask)]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (3, 1, "at: 3 -> 1"),
        (None, "wanted", "at: wanted"),
        ({"a": 1}, None, 'at: {"a": 1} -> (removed)'),
        ([], ["10.0.0.53"], 'at: [] -> ["10.0.0.53"]'),
        (True, "true", "at: true -> true"),
    ],
)
def test_what_is_short_stands_in_a_line(before, after, shown) -> None:
    assert _lines(before, after) == [shown]


def test_lists_of_objects_are_told_entry_by_entry() -> None:
    assert _lines([ADA, RISK], [RISK, EVE]) == [
        "at:",
        "  - name: ada, kind: User, apiGroup: rbac.authorization.k8s.io",
        "  + name: eve, kind: User, apiGroup: rbac.authorization.k8s.io",
        "  (1 unchanged)",
    ]
    assert _lines(None, [EVE]) == ["at:", "  + name: eve, kind: User, apiGroup: rbac.authorization.k8s.io"]
    assert _lines([EVE], None)[0] == "at: (removed)"
    assert _lines([ADA, EVE], [EVE, ADA]) == ["at:", "  (the same entries in another order)"]


def test_an_entry_that_keeps_its_name_is_told_by_what_changes_in_it() -> None:
    old = {"name": "web", "image": "web:1", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}, "ports": [{"containerPort": 80}]}
    new = {"name": "web", "image": "web:2", "resources": {"limits": {"cpu": "2", "memory": "1Gi"}}, "ports": [{"containerPort": 81}]}
    assert _lines([old], [new]) == [
        "at:",
        "  ~ name: web",
        "      image: web:1 -> web:2",
        "      resources.limits.cpu: 1 -> 2",
        "      ports:",
        "        - containerPort: 80",
        "        + containerPort: 81",
    ]


def test_entries_of_one_name_are_told_apart_by_all_that_they_are() -> None:
    rules = [{"name": "a", "port": 1, "to": "x"}, {"name": "a", "port": 1, "to": "y"}]
    assert _lines(rules, [*rules, {"name": "a", "port": 1, "to": "z"}]) == ["at:", "  + name: a, port: 1, to: z", "  (2 unchanged)"]
    assert _lines([ADA], [ADA, ADA])[1].startswith("  + name: ada")


def test_long_lists_of_words_are_told_word_by_word() -> None:
    users = [f"fraud-user-{number:02}" for number in range(40)]
    assert _lines(users, [*users[1:], "eve"]) == ["at:", "  - fraud-user-00", "  + eve", "  (39 unchanged)"]
    new = _lines([], users)
    assert new[1] == "  + fraud-user-00"
    assert new[-1] == "  … 10 lines more"


def test_long_values_are_cut_where_they_do_not_differ() -> None:
    [line] = _lines("a" * 300 + "old" + "b" * 300, "a" * 300 + "new" + "b" * 300)
    assert line.startswith(f"at: …{'a' * 20}oldbbb")
    assert f"… -> …{'a' * 20}newbbb" in line
    assert len(line) < 220
    assert len(_lines(None, {"key": "x" * 500})[0]) < 120


def test_texts_are_told_line_by_line() -> None:
    assert _lines("a\nb\n", "a\nc\n") == ["--- at", "+++ at", "@@ -1,2 +1,2 @@", " a", "-b", "+c"]
    assert _lines(None, "a\nb\n")[:2] == ["--- /dev/null", "+++ at"]


def test_what_is_secret_is_masked_before_anything_is_cut() -> None:
    secret = "geheim" * 30

    def mask(text: str) -> str:
        return text.replace(secret, "«x»")

    for before, after in (
        (None, f"{'a' * 60}{secret}"),
        ([{"name": "a", "value": secret}], [{"name": "a", "value": f"{secret}!"}, {"name": secret}]),
        ({"a": secret}, {"a": f"-{secret}"}),
        ("a\n", f"a\n{secret}\n"),
    ):
        assert "geheim" not in "".join(_lines(before, after, mask))

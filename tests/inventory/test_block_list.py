from __future__ import annotations

import pytest

from infra_kit.inventory.block_list import BlockList
from infra_kit.inventory.errors import InventoryError

TEXT = """\
# what runs
other: {a: 1}

# the workspaces
workspaces:   # all of them
  # the first
  - name: fraud
    team: risk     # they pay
    quota: {cpu: '48', memory: "8Gi"}
    jobs:
      - name: retrain
        command: [a, b]

  # the second
  - name: churn
    users:
      - alan

# not of any workspace
monitoring:
  days: 30
"""
ENTRY = {"name": "new", "team": "risk", "quota": {"cpu": "8", "gpus": 0}, "users": ["a", "b"]}


def _list(text: str) -> BlockList:
    return BlockList(text, "workspaces", "platform.yaml")


def test_an_item_is_added_behind_the_last_and_all_else_stays() -> None:
    added = _list(TEXT).added(ENTRY)
    block = "\n  - name: new\n    team: risk\n    quota: {cpu: '8', gpus: 0}\n    users: [a, b]\n"
    assert added == TEXT.replace("      - alan\n", f"      - alan\n{block}")
    assert _list(added).without("new") == TEXT


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("fraud", TEXT[TEXT.index("  # the first") : TEXT.index("  # the second")]),
        ("churn", TEXT[TEXT.index("  # the second") : TEXT.index("# not of")]),
    ],
)
def test_an_item_goes_with_its_own_comment_and_leaves_the_next_ones(name: str, gone: str) -> None:
    assert _list(TEXT).without(name) == TEXT.replace(gone, "")


def test_a_flag_is_a_line_that_comes_and_goes() -> None:
    text = _list(TEXT).with_flag("fraud", "suspended", value=True, behind="team")
    assert text == TEXT.replace("# they pay\n", "# they pay\n    suspended: true\n")
    assert _list(text).with_flag("fraud", "suspended", value=True, behind="team") == text
    assert _list(text).with_flag("fraud", "suspended", value=False, behind="team") == TEXT
    assert _list(TEXT).with_flag("fraud", "suspended", value=False, behind="team") == TEXT
    # Behind the name where the key it should follow is not there.
    assert "- name: churn\n    suspended: true\n" in _list(TEXT).with_flag("churn", "suspended", value=True, behind="team")


def test_a_flag_that_is_false_becomes_true_where_it_stands() -> None:
    text = TEXT.replace("    users:\n", "    suspended: false  # for now\n    users:\n")
    assert _list(text).with_flag("churn", "suspended", value=True, behind="team") == text.replace("false", "true")


@pytest.mark.parametrize("empty", ["workspaces: []  # none\nx: 1\n", "workspaces:\nx: 1\n", "workspaces:\n", "workspaces: []"])
def test_the_first_item_of_an_empty_list(empty: str) -> None:
    added = _list(empty).added({"name": "n", "quota": {"cpu": "8"}})
    assert "\n  - name: n\n    quota: {cpu: '8'}\n" in added
    assert ("# none" in added) is ("# none" in empty)
    assert _list(added).without("n").split("\n")[0].startswith("workspaces: []")


@pytest.mark.parametrize(
    "unusual",
    [
        "workspaces: [{name: a, team: b}]\n",
        "workspaces:\n- {name: a, team: b}  # short\n# end\nz: 2\n",
        "z: 1\nworkspaces:\n- suspended: true\n  name: a\n",
        "workspaces:\n  - name: a\n    note: |\n      some\n      text\n\nz: 2\n",
        "workspaces:\n  - name: a\n    team: b",
    ],
)
def test_unusual_forms_are_changed_too(unusual: str) -> None:
    added = _list(unusual).added({"name": "n"})
    flagged = _list(added).with_flag("a", "suspended", value=True, behind="team")
    plain = _list(flagged).with_flag("a", "suspended", value=False, behind="team")
    assert "suspended" not in plain
    assert ("# end" in plain) is ("# end" in unusual)
    assert _names(_list(plain).without("a")) == ["n"]
    assert _names(_list(plain).without("n")) == ["a"]


def _names(text: str) -> list[str]:
    from ruamel.yaml import YAML

    return [each["name"] for each in YAML(typ="safe", pure=True).load(text)["workspaces"]]


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(InventoryError, match="no item named nothing"):
        _list(TEXT).without("nothing")
    with pytest.raises(InventoryError, match="no section `workspaces`"):
        _list("other: 1\n")
    with pytest.raises(InventoryError, match="not well formed"):
        _list("workspaces: [\n")

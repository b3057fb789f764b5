"""Differences by leaf, and when nothing would change; without a server."""

from __future__ import annotations

from typing import Any

import pytest

from infra_kit.stacks.engines.server_side.compare import amount, differences, settled, shown
from infra_kit.stacks.engines.server_side.ownership import MISSING, extract, paths, remembered, remembers, was_ours, within

WEB = 'k:{"name":"web"}'
PORT = 'k:{"containerPort":80,"protocol":"TCP"}'
TREE: dict[str, Any] = {
    "f:spec": {
        "f:containers": {
            WEB: {".": {}, "f:name": {}, "f:image": {}, "f:args": {}, "f:ports": {PORT: {".": {}, "f:containerPort": {}}}},
        },
        "f:selector": {},
    },
    "f:metadata": {"f:finalizers": {'v:"a/b"': {}}},
}
DESIRED: dict[str, Any] = {
    "spec": {
        "containers": [{"name": "web", "image": "i:1", "args": ["a"], "ports": [{"containerPort": 80}]}],
        "selector": {"app": "web"},
    },
    "metadata": {"finalizers": ["a/b"]},
}
LIVE: dict[str, Any] = {
    "spec": {
        "containers": [
            {"name": "sidecar", "image": "s"},
            {"name": "web", "image": "i:1", "args": ["a"], "ports": [{"containerPort": 80, "protocol": "TCP"}], "pull": "Always"},
        ],
        "selector": {"app": "web"},
        "more": 1,
    },
    "metadata": {"finalizers": ["c/d", "a/b"]},
}


def changed(tree: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with another value at a path of names and numbers."""
    import copy

    made: Any = copy.deepcopy(tree)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    here = made
    for step in steps:
        here = here[step]
    if value is MISSING:
        del here[last]
    else:
        here[last] = value
    return dict(made)


def test_nothing_would_change() -> None:
    assert settled(DESIRED, LIVE, TREE)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec/containers/0/image", "i:2"),
        ("spec/containers/0/args", ["a", "b"]),
        ("spec/containers/0/command", ["new"]),
        ("spec/containers/0/ports", [{"containerPort": 81}]),
        ("spec/containers/0/ports", [{"containerPort": 80, "protocol": "UDP"}]),
        ("spec/containers/0/args", MISSING),
        ("spec/selector", {"app": "other"}),
        ("spec/more", 1),
        ("metadata/finalizers", ["a/b", "c/d"]),
        ("metadata/finalizers", []),
    ],
)
def test_another_value_or_another_holding_would_change_something(path: str, value: Any) -> None:
    assert not settled(changed(DESIRED, path, value), LIVE, TREE)


def test_a_quantity_is_the_same_however_it_is_written() -> None:
    tree = {"f:resources": {"f:limits": {"f:cpu": {}, "f:memory": {}}}, "f:env": {"f:limit": {}}}
    live = {"resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}, "env": {"limit": "1"}}
    assert settled({"resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}}, "env": {"limit": "1"}}, live, tree)
    assert not settled({"resources": {"limits": {"cpu": "0.5", "memory": "1Gi"}}, "env": {"limit": "1.0"}}, live, tree)
    assert amount("2Ki") == 2048
    assert amount(".5") == amount("500m")
    assert amount("1e3x") is None


def test_what_the_server_does_not_write_out_is_there() -> None:
    tree: dict[str, Any] = {"f:globalDefault": {}, "f:value": {}}
    assert settled({"globalDefault": False, "value": 1}, {"value": 1}, tree)
    assert not settled({"globalDefault": True, "value": 1}, {"value": 1}, tree)
    assert not settled({"globalDefault": False, "value": 1}, {"value": 1}, {"f:value": {}})


def test_differences_are_named_as_the_server_names_them() -> None:
    after = changed(changed(LIVE, "spec/containers/1/image", "i:2"), "spec/more", MISSING)
    found = {each.path: (each.before, each.after) for each in differences(LIVE, after, TREE)}
    assert found == {'.spec.containers[name="web"].image': ("i:1", "i:2"), ".spec.more": (1, MISSING)}
    assert shown('.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"].name') == (
        "spec.containers[name=web].ports[containerPort=80,protocol=TCP].name"
    )


def test_the_servers_own_fields_are_no_difference() -> None:
    before = {"metadata": {"resourceVersion": "1", "generation": 1, "managedFields": []}, "status": {"a": 1}}
    after = {"metadata": {"resourceVersion": "2", "generation": 2, "managedFields": [1]}, "status": {"a": 2}}
    assert list(differences(before, after, {})) == []


def test_what_is_ours_is_taken_out_of_what_there_is() -> None:
    assert extract(LIVE, TREE) == {
        "spec": {
            "containers": [{"name": "web", "image": "i:1", "args": ["a"], "ports": [{"containerPort": 80, "protocol": "TCP"}]}],
            "selector": {"app": "web"},
        },
        "metadata": {"finalizers": ["a/b"]},
    }


def test_the_record_tells_what_was_ours() -> None:
    record = remembered(TREE)
    assert all(was_ours(record, path) for path in paths(TREE))
    assert not was_ours(record, '.spec.containers[name="other"].image')
    assert not was_ours("what somebody typed", ".spec.selector")
    assert len(record) == 4 * len(set(paths(TREE)))
    assert remembers(record, remembered({"f:spec": {"f:selector": {}}}))
    assert not remembers(remembered({"f:spec": {"f:selector": {}}}), record)


def test_a_path_is_within_another_at_an_element_only() -> None:
    assert within(".spec.selector.app", [".spec.sel", ".spec.selector"]) == ".spec.selector"
    assert within(".spec.selectors", [".spec.selector"]) is None

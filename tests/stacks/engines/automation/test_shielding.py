"""Managers that the provider would take fields from have other names for a moment."""

from __future__ import annotations

from infra_kit.stacks.engines.automation.shielding import shielded, unshielded


def live(*entries):
    return {"metadata": {"managedFields": [{"manager": manager, "operation": "Update", **more} for manager, more in entries]}}


def names(entries):
    return [each["manager"] for each in entries]


def test_kubectls_names_are_changed_and_changed_back():
    before = live(("kubectl-edit", {}), ("mesh", {}), ("kubectl", {"subresource": "scale"}), ("before-first-apply", {}))
    during = shielded(before)
    assert names(during) == ["kept-by-infra-kit:kubectl-edit", "mesh", "kubectl", "kept-by-infra-kit:before-first-apply"]
    assert unshielded({"metadata": {"managedFields": during}}) == before["metadata"]["managedFields"]


def test_where_there_is_nothing_to_rename_nothing_is_written():
    assert shielded(live(("infra-kit", {}), ("mesh", {}))) is None
    assert unshielded(live(("infra-kit", {}))) is None
    assert shielded({"metadata": {}}) is None

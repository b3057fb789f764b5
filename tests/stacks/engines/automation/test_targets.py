"""What Pulumi is told to delete together, so that it does not refuse the whole."""

from __future__ import annotations

from infra_kit.stacks.engines.automation.findings import Member
from infra_kit.stacks.engines.automation.targets import of_removal
from infra_kit.stacks.stack import ObjectKey


def members(*found):
    """Of (kind, namespace, name, names of what it needs, ...): URNs are `u::s::TYPE::NAME`."""
    made = {}
    for kind, namespace, name, needs, *retained in found:
        type_ = f"kubernetes:core/v1:{kind}"
        key = ObjectKey("", kind.removesuffix("Patch"), namespace, name)
        made[key] = Member(f"urn:s::p::{type_}::{name}", {}, frozenset(urns(*needs, among=made)), bool(retained))
    return made


def urns(*names, among):
    return {each.urn for each in among.values() if each.urn.rpartition("::")[2] in names}


SPACE = ("Namespace", "", "space", ())
QUOTA = ("ResourceQuota", "space", "quota", ("space",))
SETTINGS = ("ConfigMap", "space", "settings", ("space",))
USER = ("Deployment", "space", "user", ("space", "settings"))


def removal(names, found):
    return {urn.rpartition("::")[2] for urn in of_removal(urns(*names, among=found), found)}


def test_what_nothing_hangs_on_goes_alone():
    assert removal(["quota"], members(SPACE, QUOTA)) == {"quota"}


def test_what_is_in_a_namespace_goes_with_it():
    assert removal(["space"], members(SPACE, QUOTA, SETTINGS)) == {"space", "quota", "settings"}


def test_what_something_hangs_on_that_stays_is_left_to_others():
    found = members(SPACE, SETTINGS, USER, QUOTA)
    assert removal(["settings", "quota"], found) == {"quota"}
    assert removal(["settings", "user"], found) == {"settings", "user"}


def test_a_namespace_that_an_object_elsewhere_needs_leaves_what_is_in_it_alone():
    found = members(SPACE, QUOTA, ("ConfigMap", "elsewhere", "far", ("space",)))
    assert removal(["space"], found) == set()
    assert removal(["space", "far"], found) == {"space", "quota", "far"}


def test_a_namespace_that_stays_on_the_cluster_keeps_what_is_in_it():
    for kept in (("Namespace", "", "space", (), True), ("NamespacePatch", "", "space", ())):
        assert removal(["space"], members(kept, SETTINGS)) <= {"space"}

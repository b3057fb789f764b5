from __future__ import annotations

import threading

import pytest

from infra_kit.stacks.engines.server_side import creation
from infra_kit.stacks.engines.server_side.alike import Alike
from infra_kit.stacks.engines.server_side.look import Question
from infra_kit.stacks.engines.server_side.ownership import everything
from infra_kit.stacks.engines.server_side.secrets import Resolved
from infra_kit.stacks.stack import StackObject


def claim(user, *, name="home", **more):
    namespace = f"fraud-user-{user}"
    labels = {"infra-kit.dev/user": user, "infra-kit.dev/workspace": "fraud", "app.kubernetes.io/name": "workspace"}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"volumeName": f"fraud-home-{user}", "resources": {"requests": {"storage": "1Gi"}}, **more},
    }


def answer(*fields):
    return {"metadata": {"managedFields": [{"manager": "infra-kit", "fieldsV1": {field: {} for field in fields}}]}}


def speaks_for(alike, manifest):
    with alike.form_of(manifest) as (form, length):
        return form.speaks_for(length)


@pytest.fixture
def alike():
    known = Alike()
    manifest = claim("grace")
    with known.form_of(manifest) as (form, length):
        assert not form.speaks_for(length)
        known.judged(form, length, manifest, answer("f:spec"))
    return known


def test_what_differs_in_names_alone_is_alike(alike):
    assert speaks_for(alike, claim("ada"))
    assert speaks_for(alike, claim("grace"))


@pytest.mark.parametrize(
    "other",
    [
        claim("ada", storageClassName="fast"),
        claim("ada", name="data"),
        claim("ada", volumeName="elsewhere"),
        claim("somebody-with-a-long-name"),
        claim("Ada"),
        claim("al"),
    ],
    ids=["another-field", "another-name", "another-value", "longer", "no-dns-label", "too-short-to-be-told-from-a-word"],
)
def test_what_differs_in_anything_else_is_judged_by_itself(alike, other):
    assert not speaks_for(alike, other)


def test_one_whose_name_tells_items_of_a_list_apart_speaks_for_itself_alone(alike):
    manifest = claim("grace", dataSource="x")
    with alike.form_of(manifest) as (form, length):
        alike.judged(form, length, manifest, answer('k:{"name":"grace"}'))
    assert not speaks_for(alike, claim("ada", dataSource="x"))


def test_the_second_waits_for_the_judgement_of_the_first():
    alike, said = Alike(), []

    def second():
        said.append(speaks_for(alike, claim("ada")))

    manifest = claim("grace")
    with alike.form_of(manifest) as (form, length):
        other = threading.Thread(target=second)
        other.start()
        alike.judged(form, length, manifest, answer("f:spec"))
    other.join()
    assert said == [True]


def test_whoever_is_judged_first_all_are_told_the_same():
    """Or the digest of a plan would depend on which thread came first."""

    class Cluster:
        asked = 0

        def dry_run_apply(self, manifest, *, manager, force):
            self.asked += 1
            return manifest | answer("f:spec")

    def found(*users):
        cluster, alike = Cluster(), Alike()
        looks = {}
        for user in users:
            manifest = claim(user)
            item = StackObject("home", "kubernetes:core/v1:PersistentVolumeClaim", manifest)
            looks[user] = creation.judged_elsewhere(Question(cluster, None, item, alike=alike), Resolved(manifest, frozenset()))
        return cluster.asked, {user: (everything(of), note) for user, (of, note) in looks.items()}

    (few, one), (more, other) = found("grace", "ada"), found("ada", "grace")
    assert (few, more) == (1, 2)
    assert one == other

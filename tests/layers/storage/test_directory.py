"""Directories with owner, group and mode; those of the workspaces' volumes, with their quotas."""

import array_bench
import pytest
from array_bench import apply_all, pending, read_all

from infra_kit.inventory.errors import DeviceError, RefusedError, VerificationError
from infra_kit.inventory.load import load_site
from infra_kit.layers.storage.directory import Directory, Permissions
from infra_kit.layers.storage.layer import LAYER
from infra_kit.plan.planning import make_plan, make_removal
from infra_kit.plan.resource import Created, ReadContext, RunContext, scope_of
from infra_kit.plan.selection import Selection

BASE = "ifs/data/kubernetes"
OWN = Permissions("2770", 10001, 10001)


def changed(site, **changes):
    """A copy of a loaded site with some of its top-level values replaced."""
    found = site.model_copy(update=changes)
    found._catalog, found._folder, found._digest = site._catalog, site._folder, site._digest
    return found


@pytest.fixture
def reference(repository):
    return load_site(repository / "inventory" / "configuration-1")


@pytest.fixture
def volumes(reference, tmp_path):
    """An array whose site is the first configuration, factory-fresh."""
    stand = array_bench.Bench(tmp_path, reference)
    stand.start()
    try:
        yield stand
    finally:
        stand.stop()


def ours(site, *parts):
    return [each for each in LAYER.resources(site) if each.id.split("/")[1] in (parts or ("directory", "quota"))]


def held(stand, path):
    return stand.array.cluster.state["directories"][f"/{path}"]


def one(stand, permissions=OWN, name="ifs/data/spare", **values):
    return Directory(stand.site.storage.name, name, frozenset(), permissions=permissions, **values)


def step(stand, resource, meanwhile=lambda: None):
    """Read, change and verify one resource: what was to be done, and what became of it."""
    with stand.connections(read_only=False) as connections:
        context = RunContext(stand.site, connections, stand.folder)
        observed = resource.read(context)
        diff = resource.diff(observed)
        meanwhile()
        outcome = resource.apply(observed, diff, context)
        resource.verify(context)
        return diff, outcome


def test_a_directory_has_what_is_stated(stand):
    diff, outcome = step(stand, one(stand))
    assert {change.path: change.after for change in diff.changes} == {"mode": "2770", "owner": "UID:10001", "group": "GID:10001"}
    assert held(stand, "ifs/data/spare") == {"mode": "2770", "owner": "UID:10001", "group": "GID:10001"}
    assert outcome.record == {"depends_on": []}


def test_what_somebody_changed_is_shown_and_mended(stand):
    step(stand, one(stand))
    with stand.http() as client:
        body = {"authoritative": "mode", "mode": "755", "owner": {"id": "UID:0"}}
        client.put("/namespace/ifs/data/spare?acl", json=body).raise_for_status()
    diff, _ = step(stand, one(stand))
    assert diff.action == "update"
    assert {change.path: (change.before, change.after) for change in diff.changes} == {
        "mode": ("0755", "2770"),
        "owner": ("UID:0", "UID:10001"),
    }
    assert held(stand, "ifs/data/spare")["mode"] == "2770"


def test_what_is_not_stated_is_left_alone(stand):
    apply_all(stand)
    with stand.http() as client:
        body = {"authoritative": "mode", "mode": "700", "owner": {"id": "UID:7"}, "group": {"id": "GID:8"}}
        client.put(f"/namespace/{BASE}?acl", json=body).raise_for_status()
    assert pending(stand) == []
    step(stand, one(stand, Permissions(group=10001), name=BASE))
    assert held(stand, BASE) == {"mode": "0700", "owner": "UID:7", "group": "GID:10001"}


@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_answer_is_looked_up(stand, lost):
    def lose():
        stand.array.faults.drop_after_changes = lost

    step(stand, one(stand), lose)
    assert held(stand, "ifs/data/spare")["mode"] == "2770"


def test_half_of_the_permissions_is_not_enough(stand):
    step(stand, one(stand, Permissions()))

    def forget():
        stand.array.faults.half_apply = True

    with pytest.raises(VerificationError, match="but it has group GID:0"):
        step(stand, one(stand), forget)
    assert step(stand, one(stand))[0].action == "update"


def test_refused_permissions_are_in_the_arrays_words(stand, monkeypatch):
    step(stand, one(stand, Permissions()))
    monkeypatch.setattr(Permissions, "body", lambda _: {"authoritative": "acl"})
    with pytest.raises(RefusedError, match="use authoritative mode"):
        step(stand, one(stand))


def test_permissions_in_another_form_are_no_permissions(stand, monkeypatch):
    from infra_kit.lab.onefs.namespace import Namespace

    step(stand, one(stand))
    monkeypatch.setattr(Namespace, "_look", lambda *_: {"mode": "rwx"})
    with pytest.raises(DeviceError, match="the permissions of /ifs/data/spare was answered in a form"):
        step(stand, one(stand))


def test_a_leftover_with_data_stays_and_says_so(stand):
    step(stand, one(stand))
    step(stand, one(stand, name="ifs/data/spare/theirs"))
    diff, outcome = step(stand, one(stand, Permissions(), wanted=False))
    assert (diff.action, outcome.message) == ("delete", "stays, for it is not empty; infra-kit looks after it no more")
    assert held(stand, "ifs/data/spare")
    step(stand, one(stand, Permissions(), name="ifs/data/spare/theirs", wanted=False))
    step(stand, one(stand, Permissions(), wanted=False))
    assert "/ifs/data/spare" not in stand.array.cluster.state["directories"]


def test_the_volumes_of_every_workspace_are_there_before_anything_mounts_them(volumes):
    created = apply_all(volumes)
    assert f"storage/directory/{BASE}/fraud/homes/ada" in created
    postgres = volumes.site.catalog.images["postgres"].uid
    for path, owner in [("fraud/project", 10001), ("fraud/project/.spark-events", 10001), ("churn/database", postgres)]:
        assert held(volumes, f"{BASE}/{path}") == {"mode": "2770", "owner": f"UID:{owner}", "group": "GID:10001"}
    for path in ("", "/fraud", "/fraud/homes"):
        assert held(volumes, f"{BASE}{path}")["mode"] == "0755"
    assert pending(volumes) == []


def test_each_comes_after_those_above_it(reference):
    found = {each.id: each for each in ours(reference, "directory")}
    ada = found[f"storage/directory/{BASE}/fraud/homes/ada"]
    assert ada.depends_on - {"storage/identity/array01"} == {f"storage/directory/{BASE}{path}" for path in ("", "/fraud", "/fraud/homes")}


def test_a_home_is_as_large_as_its_claim_says(volumes):
    apply_all(volumes)
    with volumes.http() as client:
        quotas = {each["path"]: each for each in client.get("/platform/15/quota/quotas").json()["quotas"]}
    assert quotas[f"/{BASE}/fraud/homes/ada"]["thresholds"]["hard"] == 100 * 2**30
    assert quotas[f"/{BASE}/fraud/project"]["enforced"] is True
    assert len([path for path in quotas if path.startswith(f"/{BASE}/")]) == 5, "two projects and three homes"


def test_without_the_licence_sizes_stay_a_promise(reference):
    storage = reference.storage.model_copy(update={"licences": ["HDFS"], "quotas": []})
    assert ours(changed(reference, storage=storage), "quota") == []


def test_a_quota_of_the_inventorys_own_goes_first(reference):
    path = f"/{BASE}/fraud/project"
    stated = reference.storage.quotas[0].model_copy(update={"path": path, "hard_gib": 5})
    found = ours(changed(reference, storage=reference.storage.model_copy(update={"quotas": [stated]})), "quota")
    (own,) = [each for each in found if each.id == f"storage/quota{path}"]
    assert own.wanted.values["thresholds.hard"] == 5 * 2**30


def test_volumes_elsewhere_are_none_of_the_arrays_business(reference):
    assert [each for each in ours(changed(reference, kubernetes=None)) if scope_of(each)] == []


def test_a_suspended_workspace_keeps_everything(volumes, reference):
    apply_all(volumes)
    asleep = [each.model_copy(update={"suspended": True}) for each in reference.workspaces]
    assert pending(volumes, changed(reference, workspaces=asleep)) == []


def test_one_workspace_can_be_changed_alone(volumes, reference):
    with volumes.connections() as connections:
        plan = make_plan([LAYER], ReadContext(reference, connections), selection=Selection(workspaces=("churn",)))
    assert {entry.id.split("/")[1] for entry in plan.entries} == {"directory", "quota"}
    assert {entry.id.split("/")[5] for entry in plan.entries} == {"churn"}


def test_what_a_removed_workspace_kept_in_its_volumes_stays(volumes, reference):
    apply_all(volumes)
    created = [Created(each.id, {"depends_on": sorted(each.depends_on)}, scope_of(each)) for each in ours(reference) if scope_of(each)]
    step(volumes, one(volumes, Permissions(), name=f"{BASE}/fraud/project/model"))
    left = changed(reference, workspaces=[each for each in reference.workspaces if each.name != "fraud"])
    mine = [each for each in created if each.scope == "workspaces/fraud"]
    with volumes.connections() as connections:
        plan = make_removal([LAYER], ReadContext(left, connections), created=mine)
    assert {scope_of(entry.resource) for entry in plan.entries} == {"workspaces/fraud"}
    apply_all(volumes, left, [entry.resource for entry in plan.entries])
    kept = {path for path in volumes.array.cluster.state["directories"] if "fraud" in path}
    assert kept == {f"/{BASE}/fraud", f"/{BASE}/fraud/project", f"/{BASE}/fraud/project/model"}
    assert not [quota for _, quota in volumes.array.cluster.everywhere("quotas") if "fraud" in quota["path"]]
    assert pending(volumes, left) == []


def test_a_plan_asks_once_for_each_directory(volumes):
    apply_all(volumes)
    volumes.array.events.entries.clear()
    found = read_all(volumes)
    asked = [path for method, path in volumes.array.events.entries if path.startswith("/namespace/")]
    assert len(asked) == len(set(asked)) == len([id_ for id_ in found if "/directory/" in id_])

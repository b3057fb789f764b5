import array_bench
import pytest
from array_bench import apply_all, pending

from infra_kit.inventory.errors import DeviceError, RefusedError, VerificationError
from infra_kit.layers.storage.layer import LAYER
from infra_kit.plan.planning import make_removal
from infra_kit.plan.resource import Created, Observed, ReadContext, RunContext


def smaller():
    """The bench without its zone `kubernetes`, one user, and what stood on them."""
    value = array_bench.storage(nfs_exports=[], quotas=[])
    value["access_zones"] = value["access_zones"][:1]
    value["access_zones"][0]["users"].pop()
    value["access_zones"][0]["proxy_users"] = []
    return value


def gone(site, created):
    present = {each.id for each in LAYER.resources(site)}
    return [Created(id_, record) for id_, record in created.items() if id_ not in present]


def in_removal_order(stand, site, created):
    """Leftovers in the order in which the engine removes them."""
    with stand.connections() as connections:
        plan = make_removal([LAYER], ReadContext(site, connections), created=created)
    assert {entry.diff.action for entry in plan.entries} <= {"delete", "none"}
    return [entry.resource for entry in plan.entries]


@pytest.mark.parametrize("recorded", [True, False])
def test_what_left_the_inventory_is_removed_children_first(stand, tmp_path, recorded):
    created = apply_all(stand)
    site = array_bench.make_site(tmp_path, smaller())
    left = [each if recorded else Created(each.id, {}) for each in gone(site, created)]
    assert {each.id for each in left} >= {"storage/zone/kubernetes", "storage/user/cdp/yarn", "storage/quota/ifs/data/cdp"}
    apply_all(stand, site, in_removal_order(stand, site, left))
    with stand.http() as client:
        assert [zone["name"] for zone in client.get("/platform/3/zones").json()["zones"]] == ["System", "cdp"]
        assert [user["name"] for user in client.get("/platform/16/auth/users?zone=cdp").json()["users"]] == ["hdfs"]
        assert client.get("/platform/15/quota/quotas").json()["quotas"] == []
        assert client.get("/namespace/ifs/data/kubernetes?acl").status_code == 404
    assert pending(stand, site) == []
    assert apply_all(stand, site, in_removal_order(stand, site, left)) == {}, "a second time there is nothing left to do"


def test_everything_of_ours_can_go_and_nothing_else(stand):
    with stand.http() as client:
        client.post("/platform/3/zones", json={"name": "theirs", "path": "/ifs/data/theirs", "create_path": True}).raise_for_status()
    created = apply_all(stand)
    apply_all(stand, stand.site, in_removal_order(stand, stand.site, [Created(id_, record) for id_, record in created.items()]))
    state = stand.array.cluster
    assert set(state.objects("zones")) == {"System", "theirs"}
    assert set(state.objects("groupnets")) == {"groupnet0"}
    assert set(state.objects("subnets", "groupnet0")) == {"subnet0"}
    assert set(state.state["directories"]) == {"/ifs", "/ifs/data", "/ifs/home", "/ifs/data/theirs"}


def test_what_is_always_there_is_never_a_leftover(stand):
    ids = ["storage/hdfs/cdp", "storage/groupnet/groupnet0", "storage/zone/System", "storage/licence/hdfs", "storage/protection/array01"]
    assert LAYER.leftovers(stand.site, [Created(id_, {}) for id_ in ids]) == []


def test_data_is_never_removed(stand, tmp_path):
    created = apply_all(stand)
    with stand.http() as client:
        headers = {"x-isi-ifs-target-type": "container"}
        client.put("/namespace/ifs/data/kubernetes/volumes/pvc-1", headers=headers).raise_for_status()
    site = array_bench.make_site(tmp_path, smaller())
    apply_all(stand, site, in_removal_order(stand, site, gone(site, created)))
    assert "/ifs/data/kubernetes/volumes/pvc-1" in stand.array.cluster.state["directories"]
    assert pending(stand, site) == []


def test_what_is_in_use_is_named(stand):
    apply_all(stand)
    zone = LAYER.leftovers(stand.site, [Created("storage/zone/cdp", {})])
    with pytest.raises(RefusedError, match=r"in use by network pool 'groupnet0\.subnet-storage\.pool-hdfs'"):
        apply_all(stand, stand.site, zone)


def test_a_removal_whose_answer_is_lost_has_happened(stand):
    apply_all(stand)
    stand.array.faults.drop_after_changes = 0
    apply_all(stand, stand.site, LAYER.leftovers(stand.site, [Created("storage/quota/ifs/data/cdp", {})]))
    assert stand.array.cluster.everywhere("quotas") == []


def test_a_directory_whose_removal_is_lost_has_gone(stand):
    apply_all(stand)
    apply_all(stand, stand.site, LAYER.leftovers(stand.site, [Created("storage/hdfs/cdp", {})]))
    with stand.http() as client:
        client.put("/namespace/ifs/data/spare", headers={"x-isi-ifs-target-type": "container"}).raise_for_status()
    stand.array.faults.drop_after_changes = 0
    apply_all(stand, stand.site, LAYER.leftovers(stand.site, [Created("storage/directory/ifs/data/spare", {})]))
    assert "/ifs/data/spare" not in stand.array.cluster.state["directories"]


@pytest.mark.parametrize("id_", ["storage/quota/ifs/data/cdp", "storage/directory/ifs/data/spare"])
def test_a_removal_that_did_not_happen_is_found(stand, id_, monkeypatch):
    apply_all(stand)
    with stand.http() as client:
        client.put("/namespace/ifs/data/spare", headers={"x-isi-ifs-target-type": "container"}).raise_for_status()
    from infra_kit.layers.storage.client import PapiWriter

    monkeypatch.setattr(PapiWriter, "write", lambda *_: None)
    with pytest.raises(VerificationError, match="still there"):
        apply_all(stand, stand.site, LAYER.leftovers(stand.site, [Created(id_, {})]))


def test_without_an_array_in_the_inventory_nothing_can_be_removed(stand):
    site = stand.site.model_copy(update={"storage": None})
    site._catalog, site._folder, site._digest = stand.site._catalog, stand.site._folder, stand.site._digest
    assert list(LAYER.resources(site)) == []
    assert dict(LAYER.render(site)) == {}
    (left,) = LAYER.leftovers(site, [Created("storage/zone/cdp", {})])
    with stand.connections() as connections, pytest.raises(DeviceError, match="no array any more"):
        left.read(ReadContext(site, connections))


def test_what_cannot_change_is_left_alone(stand):
    fixed = [each for each in LAYER.resources(stand.site) if each.id.split("/")[1] in ("identity", "licence")]
    with stand.connections(read_only=False) as connections:
        context = RunContext(stand.site, connections, stand.folder)
        for each in fixed:
            observed = each.read(context)
            assert isinstance(observed, Observed)
            assert each.apply(observed, each.diff(observed), context).record == {}
            each.verify(context)
        stand.array.tamper({"licence": "HDFS", "status": "Expired"})
        context.connections.client("array01", "papi", type(_writer(context)), None).forget()
        with pytest.raises(VerificationError, match="HDFS is not active"):
            next(each for each in fixed if each.id == "storage/licence/hdfs").verify(context)


def _writer(context):
    from infra_kit.layers.storage.reading import writer

    return writer(context)

"""Cuts, bursts of errors, lies, strangers: the layer must end where the inventory wants it, or say exactly why not."""

import array_bench
import pytest
from array_bench import apply_all, pending, read_all

from infra_kit.inventory.access import Access
from infra_kit.inventory.errors import AuthenticationError, DeviceError, RefusedError, TrustError, UnreachableError, VerificationError
from infra_kit.lab.trust import Authority
from infra_kit.layers.storage.layer import LAYER
from infra_kit.plan.connections import Connections
from infra_kit.plan.reading import read_one
from infra_kit.plan.resource import Observed, ReadContext, RunContext, Unknown

pytestmark = pytest.mark.badday


def changes(stand):
    return [entry for entry in stand.array.events.entries if entry[0] != "GET" and "/session/" not in entry[1]]


def resource(site, id_):
    return next(each for each in LAYER.resources(site) if each.id == id_)


@pytest.mark.parametrize("after", range(30))
def test_a_cut_in_mid_apply_is_survived(stand, after):
    stand.array.faults.drop_after_changes = after
    try:
        apply_all(stand)
    except UnreachableError:
        apply_all(stand, resumed=True)
    assert pending(stand) == []
    assert len(stand.array.cluster.everywhere("exports")) == len(stand.array.cluster.everywhere("quotas")) == 1, "nothing twice"


@pytest.mark.parametrize("number", range(0, 24, 3))
def test_a_half_applied_change_is_detected_and_mended(stand, number):
    seen = []
    real = stand.array.cluster.taken_in

    def taken_in(kind, body):
        seen.append(kind)
        if len(seen) == number + 1 and len(body) > 1:
            stand.array.faults.half_apply = True
        return real(kind, body)

    stand.array.cluster.taken_in = taken_in
    try:
        apply_all(stand)
    except (VerificationError, RefusedError) as error:
        assert "storage/" in str(error) or "refused" in str(error)  # noqa: PT017  the error's class alone does not say where
        consent = frozenset(each.id for each in LAYER.resources(stand.site))
        apply_all(stand, resumed=True, allow_wipe=consent)
    assert pending(stand) == []


@pytest.mark.parametrize(
    ("kind", "field", "id_"),
    [
        ("pools", "sc_dns_zone", "storage/pool/groupnet0.subnet-storage.pool-hdfs"),
        ("groupnets", "dns_search", "storage/groupnet/groupnet0"),
        ("hdfs-settings", "default_block_size", "storage/hdfs/cdp"),
        ("exports", "read_only", "storage/nfs-export/kubernetes/ifs/data/kubernetes/volumes"),
        ("members", "name", "storage/user/cdp/hdfs"),
    ],
)
def test_a_field_that_is_accepted_and_ignored_is_found(tmp_path, kind, field, id_):
    value = array_bench.storage()
    value["access_zones"][0]["hdfs"]["block_size_mib"] = 256
    value["nfs_exports"][0]["read_only"] = True
    with array_bench.bench(tmp_path, value) as stand:
        stand.array.tamper({"ignore": {kind: [field]}})
        with pytest.raises(VerificationError) as caught:
            apply_all(stand)
        assert id_ in str(caught.value)
        stand.array.tamper({"ignore": {}})
        apply_all(stand)
        assert pending(stand) == []


def test_a_short_burst_of_503_is_read_through(stand):
    stand.array.faults.server_errors = 3
    assert not [observed for _, observed, _ in read_all(stand).values() if isinstance(observed, Unknown)]


def test_a_long_burst_of_503_is_unknown_in_the_arrays_words(stand):
    stand.array.faults.server_errors = 10_000
    each = resource(stand.site, "storage/zone/cdp")
    with stand.connections() as connections:
        state = read_one(each, ReadContext(stand.site, connections))
    assert isinstance(state, Unknown)
    assert "temporarily unavailable" in state.reason
    assert len(stand.array.events.entries) == 4, "bounded"


def test_a_write_is_not_repeated_by_itself(stand):
    each = resource(stand.site, "storage/directory/ifs/data/cdp")
    with stand.connections(read_only=False) as connections:
        context = RunContext(stand.site, connections, stand.folder)
        observed = each.read(context)
        stand.array.faults.server_errors = 1
        with pytest.raises(UnreachableError):
            each.apply(observed, each.diff(observed), context)
    assert len(changes(stand)) == 1


def test_a_wrong_password_is_tried_twice_for_a_whole_plan(stand):
    (stand.folder / "array-password").write_text("not-it\n")
    found = read_all(stand)
    assert all(isinstance(observed, Unknown) for _, observed, _ in found.values())
    assert len(stand.array.events.entries) == 2
    assert all("not-it" not in observed.reason for _, observed, _ in found.values())
    stand.array.events.entries.clear()
    with pytest.raises(AuthenticationError, match="2 times"):
        apply_all(stand)
    assert len(stand.array.events.entries) == 2


def test_one_refused_login_is_forgiven(stand):
    stand.array.faults.refuse_logins = 1
    assert not [observed for _, observed, _ in read_all(stand).values() if isinstance(observed, Unknown)]
    stand.array.faults.refuse_logins = 1
    apply_all(stand)
    assert pending(stand) == []


def test_a_session_that_ends_is_opened_again(stand):
    each = resource(stand.site, "storage/directory/ifs/data/cdp")
    with stand.connections(read_only=False) as connections:
        context = RunContext(stand.site, connections, stand.folder)
        observed = each.read(context)
        stand.array.tamper({"end_sessions": True})
        each.apply(observed, each.diff(observed), context)
        each.verify(context)


def test_another_certificate_is_refused_with_the_remedy(stand, tmp_path):
    Authority(tmp_path / "elsewhere")
    stand.write_overlay(ca="elsewhere/ca.pem")
    _, observed, _ = read_all(stand)["storage/zone/cdp"]
    assert "not trusted" in observed.reason
    assert "trust.ca_bundle" in observed.reason
    with pytest.raises(TrustError):
        apply_all(stand)
    assert stand.array.events.entries == []


def test_a_trust_anchor_that_is_not_there_is_named(stand):
    stand.write_overlay(ca="absent.pem")
    _, observed, _ = read_all(stand)["storage/zone/cdp"]
    assert "absent.pem" in observed.reason


def test_an_array_that_is_away(stand):
    stand.unplug()
    found = read_all(stand)
    assert all(isinstance(observed, Unknown) for _, observed, _ in found.values())
    assert "array01" in found["storage/zone/cdp"][1].reason
    stand.plug_in()


def test_a_dead_line(stand):
    stand.array.faults.unreachable = True
    assert all(isinstance(observed, Unknown) for _, observed, _ in read_all(stand).values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"release": "9.7"}, "has release v9.7.0.0, the inventory says 9.5"),
        ({"model": "H7000"}, "has model H7000"),
        ({"nodes": slice(0, 3)}, "has nodes 3"),
    ],
)
def test_a_stranger_is_not_touched(tmp_path, change, words):
    with array_bench.bench(tmp_path) as stand:
        cluster = stand.array.cluster.state["cluster"]
        cluster.update({name: cluster[name][value] if isinstance(value, slice) else value for name, value in change.items()})
        if "release" in change:
            from infra_kit.lab.onefs.versions import Versions

            stand.array.cluster.versions = Versions(change["release"])
        found = read_all(stand)
        assert all(isinstance(observed, Unknown) for _, observed, _ in found.values())
        assert words in found["storage/zone/cdp"][1].reason
        with pytest.raises(DeviceError):
            apply_all(stand)
        assert changes(stand) == []


def test_a_missing_licence_is_unknown_with_the_remedy(stand):
    stand.array.tamper({"licence": "SmartQuotas", "status": "Expired"})
    found = read_all(stand)
    assert "its status is Expired" in found["storage/licence/smartquotas"][1].reason
    assert "storage/licence/smartquotas" in found["storage/quota/ifs/data/cdp"][0].depends_on
    with pytest.raises(RefusedError, match="SmartQuotas application is not currently installed"):
        apply_all(stand)


def test_a_licence_that_the_array_never_heard_of(tmp_path):
    with array_bench.bench(tmp_path, array_bench.storage(licences=["HDFS", "Teleport"])) as stand:
        del stand.array.cluster.state["licences"]["Teleport"]
        assert "does not list it" in read_all(stand)["storage/licence/teleport"][1].reason


def test_what_the_array_refuses_is_shown_in_its_own_words(tmp_path):
    value = array_bench.storage()
    value["groupnets"][0]["subnets"][0]["pools"][0]["interfaces"] = ["40gige-1"]
    with array_bench.bench(tmp_path, value) as stand, pytest.raises(RefusedError) as caught:
        apply_all(stand)
    assert "Interface '40gige-1' does not exist on node 1 (field ifaces)" in str(caught.value)


def test_a_rival_with_other_ideas_is_reported(stand):
    each = resource(stand.site, "storage/directory/ifs/data/cdp")
    zone = resource(stand.site, "storage/zone/cdp")
    with stand.connections(read_only=False) as connections:
        context = RunContext(stand.site, connections, stand.folder)
        each.apply(each.read(context), each.diff(each.read(context)), context)
        observed = zone.read(context)
        with stand.http() as rival:
            rival.post("/platform/3/zones", json={"name": "cdp", "path": "/ifs/data/other", "create_path": True}).raise_for_status()
        with pytest.raises(RefusedError, match="already exists"):
            zone.apply(observed, zone.diff(observed), context)


def test_a_fixed_field_needs_consent(stand, tmp_path):
    apply_all(stand)
    value = array_bench.storage()
    value["access_zones"][0]["users"][1]["uid"] = 4711
    site = array_bench.make_site(tmp_path, value)
    assert read_all(stand, site)["storage/user/cdp/yarn"][2].disruption == "recreate"
    with pytest.raises(RefusedError, match="--allow-wipe storage/user/cdp/yarn"):
        apply_all(stand, site)
    apply_all(stand, site, allow_wipe=frozenset({"storage/user/cdp/yarn"}))
    assert pending(stand, site) == []


def test_with_consent_a_quota_is_made_again(stand, tmp_path):
    apply_all(stand)
    value = array_bench.storage()
    value["quotas"][0]["include_snapshots"] = True
    site = array_bench.make_site(tmp_path, value)
    apply_all(stand, site, allow_wipe=frozenset({"storage/quota/ifs/data/cdp"}))
    assert pending(stand, site) == []


def test_pages_are_followed(stand):
    apply_all(stand)
    for each in stand.array.routes.resources.values():
        if hasattr(each, "page"):
            each.page = 1
    assert pending(stand) == []


def test_an_array_that_gives_pages_for_ever_is_not_believed(stand, monkeypatch):
    from infra_kit.layers.storage import client

    monkeypatch.setattr(client.PapiReader, "read", lambda *_: {"zones": [], "resume": "again"})
    with Connections(Access(stand.site, stand.overlay), read_only=True) as connections:
        reader = connections.client("array01", "papi", client.PapiReader, lambda endpoint: client.PapiReader(endpoint, "9.5"))
        with pytest.raises(DeviceError, match="without a proper list"):
            reader.listing("/platform/3/zones", "zones")


def test_a_writer_is_not_handed_out_in_a_read_only_run(stand):
    from infra_kit.layers.storage.client import PapiReader, PapiWriter

    assert not PapiReader.can_write
    with stand.connections() as connections, pytest.raises(TypeError):
        connections.client("array01", "papi", PapiWriter, lambda endpoint: PapiWriter(endpoint, "9.5"))


def test_protection_is_requested_pool_by_pool(stand):
    apply_all(stand)
    stand.array.tamper({"kind": "nodepools", "id": "h5600_12tb", "set": {"protection_policy": "+1n"}})
    diff = read_all(stand)["storage/protection/array01"][2]
    assert [(change.path, change.before, change.after) for change in diff.changes] == [("h5600_12tb.protection_policy", "+1n", "+2d:1n")]
    apply_all(stand)
    assert pending(stand) == []
    stand.array.tamper({"kind": "nodepools", "id": "h5600_12tb", "set": {"protection_policy": "+1n"}})
    stand.array.tamper({"ignore": {"nodepools": ["protection_policy"]}})
    with pytest.raises(VerificationError, match="protection_policy is \\+1n"):
        apply_all(stand)


def test_drift_is_found_field_by_field(stand):
    apply_all(stand)
    stand.array.tamper({"kind": "subnets", "scope": "groupnet0", "id": "subnet-storage", "set": {"mtu": 1500}})
    stand.array.tamper({"kind": "users", "scope": "cdp", "id": "yarn", "delete": True})
    stand.array.cluster.objects("proxyusers", "cdp")["hdfs"]["members"].pop()
    found = read_all(stand)
    drifted = {id_: [(c.path, c.before, c.after) for c in diff.changes] for id_, (_, _, diff) in found.items() if diff.action == "update"}
    assert drifted["storage/subnet/groupnet0.subnet-storage"] == [("mtu", 1500, 9000)]
    assert "storage/proxyuser/cdp/hdfs" in drifted
    assert found["storage/user/cdp/yarn"][2].action == "create"
    apply_all(stand)
    assert pending(stand) == []
    assert isinstance(found["storage/user/cdp/yarn"][1], Observed)


def test_of_memberships_only_those_in_our_groups_are_ours(stand):
    apply_all(stand)
    with stand.http() as client:
        client.post("/platform/1/auth/groups?zone=cdp", json={"name": "theirs"}).raise_for_status()
        client.post("/platform/1/auth/groups/theirs/members?zone=cdp", json={"name": "hdfs"}).raise_for_status()
        assert pending(stand) == []
        client.post("/platform/1/auth/groups/supergroup/members?zone=cdp", json={"name": "yarn"}).raise_for_status()
        assert pending(stand) == ["storage/user/cdp/yarn"]
        apply_all(stand)
        assert client.get("/platform/1/auth/groups/theirs/members?zone=cdp").json()["total"] == 1
    assert pending(stand) == []


def test_an_array_of_another_time_is_told_by_its_release(stand, monkeypatch):
    from infra_kit.layers.storage.client import PapiReader

    def read(_, path, *__):
        return {"nodes": [{"release": "v8.2.2.0"}]} if path.endswith("cluster/version") else None

    monkeypatch.setattr(PapiReader, "read", read)
    found = read_all(stand)
    assert all("has release v8.2.2.0, the inventory says 9.5" in observed.reason for _, observed, _ in found.values())


def test_a_settings_change_whose_answer_is_lost_has_happened(stand):
    apply_all(stand)
    stand.array.tamper({"kind": "nodepools", "id": "h5600_12tb", "set": {"protection_policy": "+1n"}})
    stand.array.tamper({"kind": "subnets", "scope": "groupnet0", "id": "subnet-storage", "set": {"mtu": 1500}})
    stand.array.faults.drop_after_changes = 1
    apply_all(stand)
    assert pending(stand) == []


@pytest.mark.parametrize("failure", ["ConnectTimeout", "ConnectError", "ReadTimeout"])
def test_an_array_that_does_not_answer_is_not_waited_for_again_and_again(stand, monkeypatch, failure):
    import httpx

    asked = []

    def request(*_, **__):
        asked.append(1)
        raise getattr(httpx, failure)("silence")

    monkeypatch.setattr(httpx.Client, "request", request)
    assert all(isinstance(observed, Unknown) for _, observed, _ in read_all(stand).values())
    assert len(asked) == 1


def test_what_the_configuration_needs_is_checked_even_if_not_listed(tmp_path):
    with array_bench.bench(tmp_path, array_bench.storage(licences=[])) as stand:
        found = read_all(stand)
        unknown = {id_ for id_, (_, observed, _) in found.items() if isinstance(observed, Unknown)}
        assert unknown == {f"storage/licence/{name}" for name in ("hdfs", "smartconnect-advanced", "smartquotas", "snapshotiq")}
        assert "storage/licence/hdfs" in found["storage/hdfs/cdp"][0].depends_on

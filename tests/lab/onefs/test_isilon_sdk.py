"""The vendor's SDK as the judge: a whole life cycle, and every refusal it can provoke."""

import contextlib
import importlib
import json

import array_bench
import pytest

pytestmark = pytest.mark.judge

RELEASES = ["9.5", "9.12"]


@pytest.fixture(scope="module", params=RELEASES)
def judge(request, tmp_path_factory):
    """An array of a release, and the SDK made for it."""
    folder = tmp_path_factory.mktemp("sdk")
    sdk = importlib.import_module(f"isilon_sdk.v{request.param.replace('.', '_')}_0")
    with array_bench.bench(folder, array_bench.storage(onefs=request.param)) as stand:
        configuration = sdk.Configuration()
        configuration.host = f"https://127.0.0.1:{stand.port}"
        configuration.username, configuration.password = array_bench.USER, array_bench.PASSWORD
        configuration.ssl_ca_cert = str(stand.authority.certificate_file)
        yield sdk, sdk.ApiClient(configuration), stand
    # The SDK leaves worker threads behind; nothing of ours waits for them.


@pytest.fixture
def refused(judge):
    """Expect a refusal; gives the array's errors."""
    sdk = judge[0]

    @contextlib.contextmanager
    def expect(status):
        found = []
        with pytest.raises(sdk.rest.ApiException) as caught:
            yield found
        assert caught.value.status == status, caught.value.body
        found.extend(json.loads(caught.value.body)["errors"])
        assert found[0]["code"].startswith("AEC_")
        assert found[0]["message"]

    return expect


def test_the_cluster_describes_itself(judge):
    sdk, client, _ = judge
    cluster = sdk.ClusterApi(client)
    nodes = cluster.get_cluster_nodes().nodes
    assert [node.lnn for node in nodes] == [1, 2, 3, 4]
    assert all(len(node.drives) == 20 for node in nodes)
    assert nodes[0].hardware.product.startswith("H5600-")
    assert cluster.get_cluster_config().onefs_version.release.startswith("v9.")
    assert len(cluster.get_cluster_version().nodes) == 4
    assert cluster.get_cluster_identity().name == "array01"


def test_a_fresh_cluster_has_what_its_wizard_made(judge):
    sdk, client, _ = judge
    network = sdk.NetworkApi(client)
    assert next(zone.name for zone in sdk.ZonesApi(client).list_zones().zones) == "System"
    assert network.get_network_groupnet("groupnet0").groupnets[0].subnets[0] == "subnet0"
    assert "groupnet0.subnet0.pool0" in [pool.id for pool in network.get_network_pools().pools]
    assert sdk.StoragepoolApi(client).list_storagepool_nodepools().nodepools[0].protection_policy == "+2d:1n"
    assert sdk.LicenseApi(client).get_license_license("HDFS").licenses[0].status == "Licensed"


def test_a_life_cycle(judge, refused):  # noqa: PLR0915  one life from creation to removal
    sdk, client, _ = judge
    zones, network, groupnets = sdk.ZonesApi(client), sdk.NetworkApi(client), sdk.NetworkGroupnetsApi(client)
    auth, protocols, quota = sdk.AuthApi(client), sdk.ProtocolsApi(client), sdk.QuotaApi(client)

    network.create_network_groupnet(sdk.NetworkGroupnetCreateParams(name="groupnet1", dns_servers=["10.0.0.2"]))
    made = zones.create_zone(sdk.ZoneCreateParams(name="life", path="/ifs/data/life", create_path=True, groupnet="groupnet1"))
    assert made.id == "life"
    subnet = sdk.GroupnetSubnetCreateParams(
        name="front",
        addr_family="ipv4",
        prefixlen=24,
        mtu=9000,
        gateway="10.7.0.1",
        sc_service_addrs=[{"low": "10.7.0.10", "high": "10.7.0.10"}],
    )
    assert groupnets.create_groupnet_subnet(subnet, "groupnet1").id == "groupnet1.front"
    pool = sdk.SubnetsSubnetPoolCreateParams(
        name="clients",
        access_zone="life",
        ranges=[{"low": "10.7.0.20", "high": "10.7.0.30"}],
        ifaces=[{"iface": "25gige-agg-1", "lnn": lnn} for lnn in range(1, 5)],
        alloc_method="dynamic",
        aggregation_mode="lacp",
        sc_dns_zone="life.example",
    )
    assert groupnets.create_subnets_subnet_pool(pool, "groupnet1", "front").id == "groupnet1.front.clients"
    assert groupnets.get_subnets_subnet_pool("clients", "groupnet1", "front").pools[0].ranges[0].high == "10.7.0.30"

    auth.create_auth_group(sdk.AuthGroupCreateParams(name="crew", gid=3001), zone="life")
    auth.create_auth_user(sdk.AuthUserCreateParams(name="anna", uid=3001, primary_group={"name": "crew", "type": "group"}), zone="life")
    auth.create_auth_group(sdk.AuthGroupCreateParams(name="guests", gid=3002), zone="life")
    sdk.AuthGroupsApi(client).create_group_member({"name": "anna", "type": "user"}, "guests", zone="life")
    user = auth.get_auth_user("anna", zone="life", query_member_of=True).users[0]
    assert (user.uid.id, user.gid.name) == ("UID:3001", "crew")
    assert [group.name for group in user.member_of] == ["crew", "guests"]

    protocols.update_hdfs_settings({"default_block_size": 28, "authentication_mode": "kerberos_only"}, zone="life")
    settings = protocols.get_hdfs_settings(zone="life").settings
    assert (settings.default_block_size, settings.authentication_mode, settings.root_directory) == (28, "kerberos_only", "/ifs/data/life")
    protocols.create_hdfs_proxyuser(sdk.HdfsProxyuserCreateParams(name="anna", members=[{"name": "guests", "type": "group"}]), zone="life")
    assert protocols.list_hdfs_proxyusers(zone="life").proxyusers[0].members[0].id == "GID:3002"

    limits = {"hard": 2**40, "soft": 2**39, "soft_grace": 86400}
    quota_id = quota.create_quota_quota(
        sdk.QuotaQuotaCreateParams(type="directory", path="/ifs/data/life", include_snapshots=False, enforced=True, thresholds=limits)
    ).id
    assert quota.get_quota_quota(quota_id).quotas[0].thresholds.hard == 2**40
    quota.update_quota_quota({"thresholds": {"hard": 2**41}}, quota_id)
    assert quota.get_quota_quota(quota_id).quotas[0].thresholds.soft == 2**39

    export = protocols.create_nfs_export(sdk.NfsExportCreateParams(paths=["/ifs/data/life"], clients=["10.1.0.0/24"]), zone="life")
    assert protocols.get_nfs_export(export.id, zone="life").exports[0].clients == ["10.1.0.0/24"]
    schedule = sdk.SnapshotScheduleCreateParams(
        name="nightly", path="/ifs/data/life", pattern="n_%Y", schedule="Every day at 01:00", duration=3600
    )
    sdk.SnapshotApi(client).create_snapshot_schedule(schedule)
    sdk.SnapshotApi(client).update_snapshot_schedule({"duration": 7200}, "nightly")
    assert sdk.SnapshotApi(client).get_snapshot_schedule("nightly").schedules[0].duration == 7200

    with refused(409) as errors:
        zones.delete_zone("life")
    assert "groupnet1.front.clients" in errors[0]["message"]
    with refused(409):
        network.delete_network_groupnet("groupnet1")
    with refused(409):
        auth.delete_auth_group("crew", zone="life")

    sdk.SnapshotApi(client).delete_snapshot_schedule("nightly")
    protocols.delete_nfs_export(export.id, zone="life")
    quota.delete_quota_quota(quota_id)
    protocols.delete_hdfs_proxyuser("anna", zone="life")
    sdk.AuthGroupsApi(client).delete_group_member("USER:anna", "guests", zone="life")
    auth.delete_auth_user("anna", zone="life")
    auth.delete_auth_group("crew", zone="life")
    groupnets.delete_subnets_subnet_pool("clients", "groupnet1", "front")
    groupnets.delete_groupnet_subnet("front", "groupnet1")
    zones.delete_zone("life")
    network.delete_network_groupnet("groupnet1")
    with refused(404):
        network.get_network_groupnet("groupnet1")


def test_refusals(judge, refused):
    sdk, client, _ = judge
    zones, auth, groupnets = sdk.ZonesApi(client), sdk.AuthApi(client), sdk.NetworkGroupnetsApi(client)
    with refused(409):
        zones.create_zone(sdk.ZoneCreateParams(name="system", path="/ifs"))
    with refused(400) as errors:
        zones.create_zone(sdk.ZoneCreateParams(name="z1", path="/ifs/data/absent"))
    assert errors[0]["field"] == "path"
    with refused(400) as errors:
        zones.create_zone(sdk.ZoneCreateParams(name="z1", path="/ifs/data", groupnet="absent"))
    assert errors[0]["field"] == "groupnet"
    with refused(400) as errors:
        zones.create_zone({"name": "z1", "colour": "red"})
    assert errors[0]["field"] == "colour"
    with refused(400) as errors:
        zones.create_zone({"name": "z1", "path": 7})
    assert errors[0]["field"] == "path"
    with refused(400):
        zones.create_zone({"path": "/ifs/data"})
    with refused(404):
        groupnets.create_groupnet_subnet({"name": "s", "addr_family": "ipv4", "prefixlen": 24}, "absent")
    with refused(400) as errors:
        groupnets.create_groupnet_subnet({"name": "s", "addr_family": "ipv4", "prefixlen": 24, "mtu": 9216}, "groupnet0")
    assert errors[0]["field"] == "mtu"
    with refused(400) as errors:
        sdk.ProtocolsApi(client).update_hdfs_settings({"authentication_mode": "all"})
    assert errors[0]["field"] == "authentication_mode"
    with refused(400):
        sdk.ProtocolsApi(client).update_hdfs_settings({"default_block_size": 134217728})
    with refused(404) as errors:
        auth.get_auth_user("nobody-here")
    assert errors[0]["message"] == "Failed to find user for 'USER:nobody-here': No such user"
    with refused(400):
        sdk.QuotaApi(client).create_quota_quota({"type": "directory", "path": "/ifs/data/absent", "include_snapshots": False})
    with refused(400):
        zones.delete_zone("System")


def test_without_the_licence_hdfs_is_refused(judge, refused):
    sdk, client, stand = judge
    stand.array.tamper({"licence": "HDFS", "status": "Unlicensed"})
    try:
        with refused(403) as errors:
            sdk.ProtocolsApi(client).update_hdfs_settings({"service": False})
        assert errors[0]["message"].startswith("The HDFS application is not currently installed.")
    finally:
        stand.array.tamper({"licence": "HDFS", "status": "Licensed"})


def test_pages(judge):
    sdk, client, _ = judge
    auth = sdk.AuthApi(client)
    first = auth.list_auth_groups(limit=3)
    rest = auth.list_auth_groups(resume=first.resume)
    names = [group.name for group in (*first.groups, *rest.groups)]
    assert len(first.groups) == 3
    assert names == [group.name for group in auth.list_auth_groups().groups]


def test_the_sdk_of_another_release_meets_versions_that_are_not_there(tmp_path):
    sdk = importlib.import_module("isilon_sdk.v9_12_0")
    with array_bench.bench(tmp_path) as stand:
        configuration = sdk.Configuration()
        configuration.host = f"https://127.0.0.1:{stand.port}"
        configuration.username, configuration.password = array_bench.USER, array_bench.PASSWORD
        configuration.ssl_ca_cert = str(stand.authority.certificate_file)
        with pytest.raises(sdk.rest.ApiException) as caught:
            sdk.NetworkApi(sdk.ApiClient(configuration)).get_network_pools()
    assert caught.value.status == 404


def test_a_wrong_password_is_refused(judge):
    sdk, _client, stand = judge
    configuration = sdk.Configuration()
    configuration.host = f"https://127.0.0.1:{stand.port}"
    configuration.username, configuration.password = array_bench.USER, "wrong"
    configuration.ssl_ca_cert = str(stand.authority.certificate_file)
    with pytest.raises(sdk.rest.ApiException) as caught:
        sdk.ZonesApi(sdk.ApiClient(configuration)).list_zones()
    assert caught.value.status == 401

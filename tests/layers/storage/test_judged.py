"""The vendor's SDK looks at what our layer has made: its models refuse what OneFS would not answer."""

import importlib

import array_bench
import pytest

from infra_kit.inventory.load import load_site

pytestmark = pytest.mark.judge


def test_the_sdk_finds_the_first_configuration(repository, tmp_path):
    sdk = importlib.import_module("isilon_sdk.v9_5_0")
    site = load_site(repository / "inventory" / "configuration-1")
    stand = array_bench.Bench(tmp_path, site)
    stand.start()
    try:
        array_bench.apply_all(stand)
        configuration = sdk.Configuration()
        configuration.host = f"https://127.0.0.1:{stand.port}"
        configuration.username, configuration.password = array_bench.USER, array_bench.PASSWORD
        configuration.ssl_ca_cert = str(stand.authority.certificate_file)
        client = sdk.ApiClient(configuration)
        zones = {zone.name: zone for zone in sdk.ZonesApi(client).list_zones().zones}
        assert {zone.name: zone.path for zone in site.storage.access_zones}.items() <= {
            name: zone.path for name, zone in zones.items()
        }.items()
        pools = {pool.name: pool for pool in sdk.NetworkApi(client).get_network_pools().pools}
        for pool in site.storage.groupnets[0].subnets[0].pools:
            held = pools[pool.name]
            assert (held.access_zone, held.sc_dns_zone, held.aggregation_mode) == (
                pool.access_zone,
                pool.smartconnect_zone,
                pool.aggregation,
            )
            assert {iface.lnn for iface in held.ifaces} == {1, 2, 3, 4}
        users = {user.name: user for user in sdk.AuthApi(client).list_auth_users(zone="cdp", query_member_of=True).users}
        for user in site.storage.access_zones[0].users:
            held = users[user.name]
            assert (held.uid.id, held.gid.name) == (f"UID:{user.uid}", user.primary_group)
            assert {group.name for group in held.member_of} == {user.primary_group, *user.groups}
        settings = sdk.ProtocolsApi(client).get_hdfs_settings(zone="cdp").settings
        assert 2**settings.default_block_size == site.storage.access_zones[0].hdfs.block_size_mib * 2**20
        quotas = {quota.path: quota for quota in sdk.QuotaApi(client).list_quota_quotas().quotas}
        for quota in site.storage.quotas:
            assert quotas[quota.path].thresholds.hard == quota.hard_gib * 2**30
        assert sdk.SnapshotApi(client).list_snapshot_schedules().total == len(site.storage.snapshot_schedules)
        assert len(sdk.ProtocolsApi(client).list_nfs_exports(zone="kubernetes").exports) == len(site.storage.nfs_exports)
    finally:
        stand.stop()

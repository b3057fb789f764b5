import array_bench
from array_bench import apply_all, pending, read_all

from infra_kit.inventory.load import load_site


def test_a_fresh_array_lacks_everything_and_a_configured_one_nothing(stand):
    first = pending(stand)
    assert "storage/zone/cdp" in first
    assert "storage/user/cdp/hdfs" in first
    created = apply_all(stand)
    assert "storage/pool/groupnet0.subnet-storage.pool-hdfs" in created
    assert "storage/groupnet/groupnet0" not in created, "it was there before us"
    assert pending(stand) == []
    assert apply_all(stand) == {}


def test_a_plan_sends_only_get_and_few_of_them(stand):
    apply_all(stand)
    stand.array.events.entries.clear()
    assert pending(stand) == []
    assert {method for method, _ in stand.array.events.entries} == {"GET"}
    assert len(stand.array.events.entries) <= 20


def test_the_whole_first_configuration_costs_few_requests(repository, tmp_path):
    site = load_site(repository / "inventory" / "configuration-1")
    stand = array_bench.Bench(tmp_path, site)
    stand.start()
    try:
        apply_all(stand)
        stand.array.events.entries.clear()
        found = read_all(stand)
        assert len(found) > 100
        assert [id_ for id_, (_, _, diff) in found.items() if diff is None or diff.action != "none"] == []
        directories = [path for _, path in stand.array.events.entries if path.startswith("/namespace/")]
        assert len(directories) == len([id_ for id_ in found if "/directory/" in id_])
        assert len(stand.array.events.entries) - len(directories) <= 25, stand.array.events.entries
    finally:
        stand.stop()

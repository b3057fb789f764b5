from bmc_bench import SYSTEM


def test_a_server_is_what_the_inventory_says(client):
    system = client.get(SYSTEM).json()
    assert (system["Model"], system["SKU"], system["PowerState"]) == ("PowerEdge R6515", "TAG0003", "On")
    memory = client.get(f"{SYSTEM}/Memory?$expand=*($levels=1)").json()["Members"]
    assert sum(module["CapacityMiB"] for module in memory) == 256 * 1024

import pytest
from bmc_run import writes

from infra_kit.inventory.errors import IdentityError
from infra_kit.plan.resource import RunContext


def test_another_server_behind_the_address_is_never_touched(run, stand):
    stand.bmcs["worker01"].tamper({"service_tag": "ELSE001"})
    for kind in ("identity", "power", "bios", "boot"):
        with pytest.raises(IdentityError, match="service tag is ELSE001, the inventory says TAG0003"):
            run.plan(f"bmc/{kind}/worker01")
        with pytest.raises(IdentityError):
            run.apply(f"bmc/{kind}/worker01")
    assert writes(stand, "worker01") == []


@pytest.mark.parametrize("kind", ["power", "bios", "boot"])
def test_a_server_exchanged_after_the_plan_is_not_touched(run, stand, kind):
    resource = run.resources[f"bmc/{kind}/worker01"]
    observed, diff = run.plan(resource.id)
    stand.bmcs["worker01"].tamper({"model": "PowerEdge R7515"})
    connections = stand.connections(read_only=False)
    with pytest.raises(IdentityError, match="model is R7515"):
        resource.apply(observed, diff, RunContext(stand.site, connections, folder=stand.folder, allow_reboot=True))
    connections.close()
    assert writes(stand, "worker01") == []

import json

from infra_kit.layers.bmc.layer import LAYER
from infra_kit.plan.resource import ReadContext


def test_a_plan_sends_nothing_but_get_and_asks_each_bmc_four_times(stand):
    connections = stand.connections()
    context = ReadContext(stand.site, connections)
    for resource in LAYER.resources(stand.site):
        resource.diff(resource.read(context))
    connections.close()
    for name in stand.bmcs:
        assert {verb for verb, _ in stand.requests(name)} == {"GET"}
    # The server once for all four resources, the BIOS, what is pending, and the boot options because sources are named.
    assert len(stand.requests("gpu01")) == 3
    assert len(stand.requests("worker01")) <= 5


def test_masters_share_a_group_and_so_does_each_other_role(run):
    groups = {identity: resource.groups for identity, resource in run.resources.items()}
    assert groups["bmc/bios/master01"] == groups["bmc/power/master02"] == {"masters"}
    assert groups["bmc/bios/worker01"] == {"pool:workers"}
    assert groups["bmc/boot/gpu01" if "bmc/boot/gpu01" in groups else "bmc/bios/gpu01"] == {"pool:gpu-workers"}
    for identity, resource in run.resources.items():
        kind, name = identity.split("/")[1:]
        assert kind == "identity" or f"bmc/identity/{name}" in resource.depends_on


def test_everything_a_server_gets_is_rendered(stand):
    files = LAYER.render(stand.site)
    assert set(files) == {f"bmc/{server.name}.json" for server in stand.site.servers}
    assert json.loads(files["bmc/master01.json"]) == {
        "model": "PowerEdge R6515",
        "service_tag": "TAG0001",
        "bios": {"LogicalProc": "Enabled", "ProcVirtualization": "Enabled", "SysProfile": "PerfOptimized"},
        "boot_order": ["Hdd", "Pxe"],
        "power": "on",
    }
    assert LAYER.leftovers(stand.site, []) == []

from pathlib import Path

import bmc_bench
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra_kit.inventory.errors import RefusedError
from infra_kit.layers.bmc.boot import BootOrder, arranged, kind_of
from infra_kit.layers.bmc.readings import BootOption
from infra_kit.layers.bmc.target import Target
from infra_kit.plan.resource import Observed, ReadContext, RunContext

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "boot.yaml").read_text())


NAMES = st.sampled_from(["Hdd", "Pxe", "Cd", "Boot0001", "Boot0002", "Boot0003", "Boot0004"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(case["wanted"]))
def test_arranging(case):
    order = list(case["options"])
    assert arranged(tuple(case["wanted"]), order, case["options"]) == (case["order"], case["absent"])


@given(
    st.lists(NAMES), st.dictionaries(st.sampled_from(["Boot0001", "Boot0002", "Boot0003", "Boot0005"]), st.sampled_from(["Hdd", "Pxe", ""]))
)
def test_arranging_loses_no_option_and_is_stable(wanted, kinds):
    order, _ = arranged(tuple(wanted), list(kinds), kinds)
    assert sorted(order) == sorted(kinds)
    assert arranged(tuple(wanted), order, kinds)[0] == order


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        (("Boot0000", "PXE Device 1: Integrated NIC 1 Port 1 Partition 1", "VenHw(3A191845)", ""), "Pxe"),
        (("Boot0001", "HTTP Device 1: NIC in Slot 2", "PciRoot(0x0)/MAC(0200,0x1)/IPv4(0.0.0.0)/Uri()", ""), "UefiHttp"),
        (("Boot0002", "rocky", "HD(1,GPT,ABC)/\\EFI\\rocky\\shimx64.efi", ""), "Hdd"),
        (("Boot0003", "rocky", "PciRoot(0x0)/Sata(0x0)/HD(1,GPT,ABC)/\\EFI", ""), "Hdd"),
        (("Boot0004", "Virtual Optical Drive", "", ""), "Cd"),
        (("Boot0005", "Virtual Floppy Drive", "", ""), "Floppy"),
        (("Boot0006", "PCIe SSD in Slot 21 in Bay 1: EFI Fixed Disk Boot Device 1", "", ""), "Hdd"),
        (("Boot0007", "anything", "", "Usb"), "Usb"),
        (("Boot0008", "EFI Shell", "", ""), ""),
    ],
)
def test_what_an_option_is(option, kind):
    assert kind_of(BootOption(*option)) == kind


def order_of(stand, *wanted):
    return BootOrder(Target(stand.site.server_by_name["worker01"], "R6515"), wanted)


def test_references_need_no_look_at_the_options(stand):
    resource = order_of(stand, "Boot0002")
    connections = stand.connections()
    resource.diff(resource.read(ReadContext(stand.site, connections)))
    connections.close()
    assert [path for _, path in stand.requests("worker01")] == ["/redfish/v1/Systems/System.Embedded.1"]


def test_a_source_without_an_option_is_said_and_is_no_change(stand):
    diff = order_of(stand, "Hdd", "Pxe").diff(Observed({"order": ["Boot0002"], "kinds": {"Boot0002": "Pxe"}, "pending": []}))
    assert diff.action == "none"
    assert diff.reason == "there is no boot option Hdd on this server"


def test_a_reference_that_does_not_exist_is_refused_before_anything_is_sent(stand):
    resource = order_of(stand, "Boot0099")
    connections = stand.connections(read_only=False)
    context = RunContext(stand.site, connections, folder=stand.folder, allow_reboot=True)
    observed = resource.read(context)
    diff = resource.diff(observed)
    assert diff.action == "update"
    with pytest.raises(RefusedError, match="no boot option Boot0099"):
        resource.apply(observed, diff, context)
    connections.close()
    assert "PATCH" not in {verb for verb, _ in stand.requests("worker01")}


def test_applying_the_boot_order(run):
    assert run.apply("bmc/boot/worker01").kind == "done"
    assert run.diff("bmc/boot/worker01").action == "none"


def test_a_boot_order_is_staged_and_seen(cautious):
    assert cautious.apply("bmc/boot/worker01").kind == "staged"
    assert cautious.diff("bmc/boot/worker01").reason == "it is staged and waits for a reset"
    assert cautious.apply("bmc/boot/worker01").kind == "staged"


def test_a_boot_order_waits_behind_staged_bios_changes(cautious, run, stand):
    cautious.apply("bmc/bios/worker01")
    outcome = cautious.resources["bmc/boot/worker01"]
    del outcome
    connections = stand.connections(read_only=False)
    context = RunContext(stand.site, connections, folder=stand.folder)
    resource = cautious.resources["bmc/boot/worker01"]
    observed = resource.read(context)
    assert "waits for a reset first" in resource.apply(observed, resource.diff(observed), context).message
    connections.close()
    assert run.apply("bmc/boot/worker01").kind == "done"
    assert run.diff("bmc/bios/worker01").action == "none"


def test_another_order_that_waits_is_told_apart_and_set_right_with_one_reset_more(cautious, run, stand):
    with bmc_bench.client_of(stand) as somebody:
        somebody.patch(bmc_bench.SYSTEM, json={"Boot": {"BootOrder": ["Boot0004", "Boot0002", "Boot0003"]}})
    assert cautious.diff("bmc/boot/worker01").reason == "another order (Boot0004, Boot0002, Boot0003) is staged and waits for a reset"
    assert "waits for a reset first" in cautious.apply("bmc/boot/worker01").message
    assert run.apply("bmc/boot/worker01").message.count("completed") == 2
    assert run.diff("bmc/boot/worker01").action == "none"

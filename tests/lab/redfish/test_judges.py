"""Clients that others wrote, against the emulated BMCs, with certificates verified."""

import json
import os
import subprocess
import sys
from pathlib import Path

import bmc_bench
import pytest
import yaml

pytestmark = pytest.mark.judge

JUDGES = Path(__file__).parent / "judges"
HOSTS = ("bios", "boot", "options", "power", "queue", "community")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """One run of all playbooks; every host has a server of its own, so that their waits overlap."""
    folder = tmp_path_factory.mktemp("judges")
    servers = [bmc_bench.server(name, "worker", "worker", number) for number, name in enumerate(HOSTS, 1)]
    with bmc_bench.bench(folder, servers) as stand:
        common = {
            "user": bmc_bench.USER,
            "password": bmc_bench.PASSWORD,
            "ca": str(stand.authority.certificate_file),
            "ansible_connection": "local",
        }
        hosts = {name: {"bmc_port": stand.ports[name], "tasks_file": f"{name}.yml"} for name in HOSTS}
        inventory = folder / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": {**common, "ansible_python_interpreter": sys.executable}}}))
        environment = {**os.environ, "ANSIBLE_HOME": str(folder / "ansible"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORKS": "6"}
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), str(JUDGES / "site.yml")]
        run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=280, check=False)
        yield stand, run


@pytest.mark.parametrize("host", HOSTS)
def test_dells_and_the_communitys_modules_are_content(judged, host):
    _, run = judged
    recap = [line for line in run.stdout.splitlines() if line.startswith(f"{host} ") and "ok=" in line]
    assert recap, run.stdout + run.stderr
    assert "failed=0" in recap[0], run.stdout[-6000:]
    assert "unreachable=0" in recap[0]


def test_what_they_did_is_what_the_servers_have(judged):
    stand, _ = judged
    assert stand.bmcs["bios"].state.bios["ProcPwrPerf"] == "MaxPerf"
    assert stand.bmcs["bios"].state.bios["NumaNodesPerSocket"] == "2"
    assert stand.bmcs["bios"].state.pending == {}
    assert stand.bmcs["boot"].state.boot.order == ["Boot0003", "Boot0002", "Boot0004"]
    assert stand.bmcs["options"].state.boot.disabled == ["Boot0004"]
    assert stand.bmcs["community"].state.bios["ProcCStates"] == "Disabled"
    assert stand.bmcs["queue"].state.pending == {}
    assert stand.bmcs["queue"].state.jobs == []
    for bmc in stand.bmcs.values():
        assert bmc.accounts.sessions() == []


def test_the_dmtf_library_reads_and_changes_in_a_session(stand):
    import redfish

    client = redfish.redfish_client(
        base_url=f"https://127.0.0.1:{stand.ports['worker01']}",
        username=bmc_bench.USER,
        password=bmc_bench.PASSWORD,
        cafile=str(stand.authority.certificate_file),
        max_retry=1,
    )
    client.login(auth="session")
    assert client.get("/redfish/v1/Systems/System.Embedded.1").dict["SKU"] == "TAG0003"
    settings = "/redfish/v1/Systems/System.Embedded.1/Bios/Settings"
    apply_time = {"@Redfish.SettingsApplyTime": {"ApplyTime": "OnReset"}}
    answer = client.patch(settings, body={"Attributes": {"LogicalProc": "Disabled"}, **apply_time})
    assert answer.status == 202
    assert answer.is_processing
    assert client.get(answer.getheader("Location")).dict["TaskState"] == "Starting"
    refused = client.patch(settings, body={"Attributes": {"LogicalProc": "Enabled"}, **apply_time})
    assert refused.status == 400
    assert "SYS011" in json.dumps(refused.dict)
    client.logout()
    assert stand.bmcs["worker01"].accounts.sessions() == []


def test_sushy_finds_its_way_from_the_root(stand):
    import sushy

    root = sushy.Sushy(
        f"https://127.0.0.1:{stand.ports['gpu01']}",
        bmc_bench.USER,
        bmc_bench.PASSWORD,
        verify=str(stand.authority.certificate_file),
        server_side_retries=1,
    )
    system = root.get_system()
    assert (system.sku, system.model, system.memory_summary.size_gib) == ("TAG0004", "PowerEdge R7525", 256)
    assert system.power_state == sushy.PowerState.ON
    assert len(system.processors.get_members()) == 2
    assert {nic.mac_address for nic in system.ethernet_interfaces.get_members()} == {"02:01:00:00:00:04", "02:01:01:00:00:04"}
    assert sum(len(storage.drives) for storage in system.storage.get_members()) == 6
    assert sushy.ApplyTime.ON_RESET in system.bios.supported_apply_times
    system.bios.set_attribute("ProcVirtualization", "Disabled", apply_time=sushy.ApplyTime.ON_RESET)
    assert system.bios.pending_attributes == {"ProcVirtualization": "Disabled"}
    system.reset_system(sushy.ResetType.FORCE_RESTART)
    system.bios.refresh()
    assert system.bios.attributes["ProcVirtualization"] == "Disabled"
    with pytest.raises(sushy.exceptions.HTTPError, match=r"already powered ON.*PSU501"):
        system.reset_system(sushy.ResetType.ON)
    system.set_system_boot_options(target=sushy.BootSource.PXE, enabled=sushy.BootSourceOverrideEnabled.ONCE)
    system.refresh()
    assert system.boot.target == sushy.BootSource.PXE
    root._auth.close()

"""Clients that others wrote, against the emulated switch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import switch_bench
import yaml

sys.path.insert(0, str(Path(__file__).parent))
import fetch_judge

pytestmark = pytest.mark.judge


@pytest.fixture
def netmiko_client(stand):
    from netmiko import ConnectHandler

    with ConnectHandler(
        device_type="dell_os10",
        host="127.0.0.1",
        port=stand.ports["leaf01a"],
        username=switch_bench.USER,
        password=switch_bench.PASSWORD,
        use_keys=False,
        allow_agent=False,
        ssh_strict=True,
        alt_host_keys=True,
        alt_key_file=str(stand.known_hosts),
    ) as client:
        yield client


def test_netmiko_finds_its_way(netmiko_client):
    assert netmiko_client.find_prompt() == "OS10#"
    assert not netmiko_client.check_config_mode()
    output = netmiko_client.send_config_set(["interface vlan 55", "description netmiko", "ip address 10.55.0.1/24"])
    assert "% Error" not in output
    assert not netmiko_client.check_config_mode()
    assert "ip address 10.55.0.1/24" in netmiko_client.send_command("show running-configuration interface vlan 55")
    assert "vlan55" not in netmiko_client.send_command("show startup-configuration")
    netmiko_client.save_config()
    assert "interface vlan55" in netmiko_client.send_command("show startup-configuration")


def test_netmiko_sees_what_is_refused(netmiko_client):
    from netmiko.exceptions import ConfigInvalidException

    with pytest.raises(ConfigInvalidException):
        netmiko_client.send_config_set(["interface vlan4094"], error_pattern="% Error")
    assert netmiko_client.send_command("show nonsense") == "% Error: Unrecognized command."


def test_dells_ansible_collection_is_content(stand, tmp_path):
    try:
        collections = fetch_judge.collections_path()
    except fetch_judge.IndexUnreachableError as error:
        pytest.skip(f"dellemc.os10 cannot be fetched: {error}")
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "known_hosts").write_text(stand.known_hosts.read_text())
    source = tmp_path / "source.cfg"
    source.write_text(
        "hostname OS10\n!\ninterface vlan78\n description from-file\n!\n"
        "interface ethernet1/1/7\n description from-file\n switchport access vlan 78\n!\n"
    )
    host = {
        "ansible_host": "127.0.0.1",
        "ansible_port": stand.ports["leaf01a"],
        "ansible_user": switch_bench.USER,
        "ansible_password": switch_bench.PASSWORD,
        "ansible_connection": "ansible.netcommon.network_cli",
        "ansible_network_os": "dellemc.os10.os10",
        "ansible_network_cli_ssh_type": "paramiko",
        "ansible_python_interpreter": sys.executable,
        "expected_tag": stand.site.switch_by_name["leaf01a"].service_tag,
        "source_file": str(source),
    }
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"leaf01a": host}}}))
    environment = {
        **os.environ,
        "HOME": str(home),
        "ANSIBLE_HOME": str(tmp_path / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_HOST_KEY_CHECKING": "True",
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), str(Path(__file__).with_name("judge.yml"))]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=200, check=False)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-3000:]
    switch = stand.emulators["leaf01a"].switch
    assert switch.running.block["interface ethernet1/1/7"].get("switchport access vlan") == "switchport access vlan 78"
    assert any("vlan78" in line for line in switch.startup)

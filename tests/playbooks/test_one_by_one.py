"""Roles that take a node out of service refuse to do so to several at once, whoever runs them; nothing has been done by then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
NODE = {"joined": True, "running_version": "", "versions": {"kubelet": "1.36.2", "kubeadm": "1.36.2"}, "serving": ["master01"]}
UPGRADE = {
    "kubernetes_upgrade_name": "{{ inventory_hostname }}",
    "kubernetes_upgrade_version": "1.36.3",
    "kubernetes_upgrade_master": False,
    # The next thing that it does is asking a master, which is none here.
    "kubernetes_upgrade_by": "{{ inventory_hostname }}",
    "kubernetes_upgrade_unready": "echo nobody asked; exit 1",
}


@pytest.fixture
def hosts_of(tmp_path: Path):
    """What the tasks of each of some hosts came to, in a play of this machine under several names."""

    def run(hosts, tasks, **play):
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": {"ansible_connection": "local"}}}))
        (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks, **play}]))
        done = subprocess.run(
            [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(tmp_path / "hosts.yml"), str(tmp_path / "play.yml")],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={
                **os.environ,
                "ANSIBLE_CONFIG": str(PLAYBOOKS / "ansible.cfg"),
                "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
                "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
                "ANSIBLE_INTERPRETER_PYTHON": sys.executable,
            },
        )
        plays = json.loads(done.stdout[done.stdout.index("{") :])["plays"]
        return {name: [task["hosts"][name] for each in plays for task in each["tasks"] if name in task["hosts"]] for name in hosts}

    return run


@pytest.mark.parametrize(("serial", "last_words"), [(2, "worker01, worker02 would be drained at the same time"), (1, "nobody asked")])
def test_nodes_are_upgraded_one_by_one(hosts_of, serial, last_words):
    current = {**NODE, "versions": {"kubelet": "1.36.3", "kubeadm": "1.36.3"}}
    tasks = [
        {"ansible.builtin.set_fact": {"kubernetes_host": "{{ node }}"}},
        {"ansible.builtin.include_role": {"name": "kubernetes_upgrade"}, "vars": UPGRADE, "when": "node.versions.kubelet != '1.36.3'"},
    ]
    hosts = {"worker01": {"node": NODE}, "worker02": {"node": NODE}, "worker03": {"node": current}}
    done = hosts_of(hosts, tasks, serial=serial)
    last = done["worker01"][-1]
    assert last_words in last.get("msg", "") + last.get("stdout", "")
    if serial > 1:
        assert "`serial: 1`" in last["msg"]
        assert done["worker02"][-1]["failed"]


@pytest.mark.parametrize("nodes", [["worker01", "worker02"], ["worker01", ""]])
def test_nodes_are_rebooted_one_by_one(hosts_of, nodes):
    """The refusal alone, as the role has it: what comes after it reboots."""
    tasks = yaml.safe_load((PLAYBOOKS / "roles/reboot/tasks/main.yml").read_text())
    (block,) = (each for each in tasks if "disruption_reboot" in each.get("tags", []))
    assert "Refuse" in block["block"][0]["name"]
    look = {"ansible.builtin.set_fact": {"reboot_look": {"stdout": "{{ said }}"}}}
    hosts = {f"host{number}": {"reboot_node": node, "said": "due\n"} for number, node in enumerate(nodes)}
    last = hosts_of({**hosts, "other": {"reboot_node": "worker03", "said": ""}}, [look, block["block"][0]])["host0"][-1]
    refused = "host0, host1 would be drained at the same time" in last["msg"]
    assert refused == all(nodes)
